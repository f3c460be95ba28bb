"""The table at the end of a run, as wide as the terminal allows."""

from __future__ import annotations

from collections.abc import Collection

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgebench.measurements import Measurement, Run
from edgebench.reports import columns, machines

COLOURS = {
    "stable": "green",
    "noisy": "yellow",
    "throttled": "red",
    "emulated": "dim",
    "failed": "red",
    "timeout": "red",
}
NARROW = 110
"""Below this width the intervals are left out; they are in report.md and report.csv."""
USUAL = 18
"""Characters of an exporter's name that `NARROW` counts on; a longer one, with options or a variant, needs more."""
ROOMY = 140
"""From this width on, several models share a table, with a column for their names."""


def show(run: Run, console: Console) -> None:
    """Print a table for each machine and target, or also for each model, what to doubt, and cells without numbers."""
    found = machines.split(run)
    for machine in found:
        for target in dict.fromkeys(m.target for m in machine.measured):
            place = f"{target} ({machine.name})" if len(found) > 1 else target
            for group in _groups([m for m in machine.measured if m.target == target], console.width >= ROOMY):
                console.print(_table(place, group, machine.stars, console.width))
    for machine in found:
        of = f" ({machine.name})" if len(found) > 1 else ""
        for m in machine.measured:
            if doubt := columns.doubt(m):
                print_doubt(console, f"{m.model} {columns.name(m)} on {m.target}{of}, {doubt}", m.verdict or "")
        for m in machine.rows:
            if m.status != "ok":
                told = f"{m.status}: {m.model} {columns.name(m)} on {m.target}{of}: {m.reason}"
                print_sentence(console, Text(told, style="dim"))


def print_doubt(console: Console, text: str, verdict: str) -> None:
    """A line on a timing that is not to be trusted, in the verdict's colour."""
    print_sentence(console, Text(text, style=COLOURS.get(verdict, "")))


def print_sentence(console: Console, text: Text | str) -> None:
    """A sentence: folded between words on a terminal, in one line where a program reads it."""
    console.print(text, soft_wrap=not console.is_terminal, highlight=False)


def _groups(rows: list[Measurement], roomy: bool) -> list[list[Measurement]]:
    """The rows of one table each: a column for the model needs a roomy terminal."""
    if not rows or roomy:
        return [rows] if rows else []
    return [[m for m in rows if m.model == model] for model in dict.fromkeys(m.model for m in rows)]


def _table(target: str, rows: list[Measurement], stars: set[str], width: int) -> Table:
    longest = max(len(columns.name(m)) for m in rows)
    wide = width >= NARROW + max(0, longest - USUAL)
    emulated = " (emulated: its latency says nothing)" if rows[0].emulated else ""
    table = _plain()
    models = {m.model for m in rows}
    several = len(models) > 1
    model = "" if several else f"{models.pop()} on "
    scored = next((m for m in rows if m.records), None)
    on = f"macro-F1 on {scored.records} records of {scored.dataset}" if scored else "no macro-F1"
    table.title = f"{model}{target}{emulated} · {on}"
    for heading in ("", *(["model"] if several else [])):
        table.add_column(heading, no_wrap=True)
    # A long name goes over two lines where there is no room for it; a number never does.
    table.add_column("exporter", no_wrap=wide, overflow="fold")
    for heading in ("size", "memory", "latency p50" if wide else "p50", *(["p90"] if wide else []), "macro-F1", "Δ F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("timing", no_wrap=True)
    for m in rows:
        latency = (
            [columns.latency(m), columns.duration(m.latency_p90_s)] if wide else [columns.duration(m.latency_p50_s)]
        )
        cells = [
            "★" if m.cell.id in stars else "", *([m.model] if several else []), columns.name(m),
            columns.size(m.file_size_bytes), columns.size(m.peak_rss_bytes), *latency,
            columns.f1(m) if wide else columns.f1(m).partition(" ")[0], columns.delta(m),
        ]  # fmt: skip
        verdict = columns.timing(m)
        table.add_row(*map(Text, cells), Text(verdict, style=COLOURS.get(verdict, "")))
    return table


def _plain() -> Table:
    """A table with a rule below its headings and narrow gaps, so that nine columns fit 80 characters."""
    return Table(
        title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )  # fmt: skip


def print_table(
    console: Console, headings: list[str], rows: list[list[str]], title: str = "", numbers: Collection[str] = (),
    fold: bool = False,
) -> None:  # fmt: skip
    """A plain table of texts; columns of `numbers` stand on the right and are not folded, nor is the first one.

    With `fold`, the first is folded and no other.
    """
    table = _plain()
    table.title = title or None
    for i, heading in enumerate(headings):
        number = heading in numbers
        whole = bool(i) if fold else number or not i
        table.add_column(heading, justify="right" if number else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
