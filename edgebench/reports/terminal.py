"""The tables at the end of a run, as wide as the terminal allows."""

from __future__ import annotations

import re
from collections.abc import Collection

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgebench.core.measurements import Measurement, Run
from edgebench.core.results import Scores
from edgebench.reports import columns, machines, remarks, untrained, words
from edgebench.reports.plain import plain

COLOURS = {
    "stable": "green",
    "noisy": "yellow",
    "throttled": "red",
    "quick": "yellow",
    "short": "yellow",
    "emulated": "dim",
    "failed": "red",
    "timeout": "red",
}
NARROW = 110
"""Below this width the intervals are omitted; they are in report.md and report.csv."""
USUAL = 18
"""Characters of an exporter's name that `NARROW` allows for; a longer name needs a wider terminal."""
LEAST_NAME = 12
"""The fewest characters of a line of a name."""
LOST = "lost"
"""In place of the star of a cell that lost more than the allowed drop."""
ROOMY = 140
"""From this width on, several models share a table, with a column for their names."""


def show(run: Run, console: Console) -> None:
    """Print a table for each machine and target (and model, if narrow), doubtful timings, and cells not measured."""
    found, swept = machines.split(run), False
    for machine in found:
        for target in dict.fromkeys(m.cell.target for m in machine.measured):
            place = f"{target}, {machine.name}" if len(found) > 1 else target
            there = [m for m in machine.measured if m.cell.target == target]
            if untrained.is_sweep(there):
                headings = untrained.headings(there, machine.plan)
                print_table(
                    console, headings, untrained.table(there, machine.plan),
                    f"{place}: {words.UNTRAINED}", untrained.NUMBERS, at=1,
                )  # fmt: skip
                swept = True
                continue
            for group in _groups(there, console.width >= ROOMY):
                console.print(plain(_title(place, group), "bold"))
                console.print(_table(group, machine, console.width))
    if swept:
        print_sentence(console, plain(f"{untrained.FRONT} no faster network has as many parameters", "dim"))
    measured = [m for machine in found for m in machine.measured]
    lost = any(machine.lost(m) for machine in found for m in machine.measured)
    if legend := remarks.legend(measured, any(m.stars for m in found), lost):
        print_sentence(console, plain(legend, "dim"))
    for sentence in words.caveats(run, paths=True):
        print_sentence(console, plain(sentence, "yellow"))
    for machine in found:
        of = f", {machine.name}" if len(found) > 1 else ""
        for text, verdict in remarks.doubts(machine.measured, of):
            print_doubt(console, text, verdict)
        for text in remarks.without_numbers(machine.rows, of):
            print_sentence(console, plain(text, "dim"))


def print_doubt(console: Console, text: str, verdict: str) -> None:
    """Print a line on a doubtful timing in the colour of its verdict."""
    print_sentence(console, plain(text, COLOURS.get(verdict, "")))


def print_sentence(console: Console, text: Text | str) -> None:
    """Print a sentence, folded between words on a terminal and on one line elsewhere."""
    console.print(plain(text), soft_wrap=not console.is_terminal)


def _groups(rows: list[Measurement], roomy: bool) -> list[list[Measurement]]:
    """The rows of each table; several models share one only on a wide terminal."""
    if not rows or roomy:
        return [rows] if rows else []
    return [[m for m in rows if m.cell.model == model] for model in dict.fromkeys(m.cell.model for m in rows)]


def _title(target: str, rows: list[Measurement]) -> str:
    models = {m.cell.model for m in rows}
    model = "" if len(models) > 1 else f"{models.pop()} on "
    on = next((_scored_on(m.scores, m.dataset) for m in rows if m.scores), columns.unscored(rows, "not scored"))
    return f"{model}{target}{' · emulated: no latency' if rows[0].emulated else ''} · {on}"


def _scored_on(scores: Scores, dataset: str) -> str:
    return f"{scores.primary.metric.label} on {scores.records} records of {dataset}"


def _table(rows: list[Measurement], machine: machines.Machine, width: int) -> Table:
    longest = max(len(m.cell.name) for m in rows)
    wide = width >= NARROW + max(0, longest - USUAL)
    timed, compared = not rows[0].emulated, any(map(columns.delta, rows))
    table = _plain()
    several = len({m.cell.model for m in rows}) > 1
    headings = ["", *(["model"] if several else []), "exporter"]
    numbers = ["size", "memory", *(["latency p50" if wide else "p50", *(["p90"] if wide else [])] if timed else [])]
    score, delta = columns.score_headings(rows)
    numbers += [score, *([delta] if compared else [])]
    cells = [
        [
            "★" if m.cell.id in machine.stars else LOST if machine.lost(m) else "",
            *([m.cell.model] if several else []), m.cell.name,
            columns.size(columns.file_size(m)), columns.size(columns.peak_memory(m)),
            *(_times(m, wide) if timed else []), columns.score(m) if wide else columns.score(m).partition(" ")[0],
            *([columns.delta(m)] if compared else []), *([columns.timing(m)] if timed else []),
        ]
        for m in rows
    ]  # fmt: skip
    every = [*headings, *numbers, *(["timing"] if timed else [])]
    at = headings.index("exporter")
    others = sum(max(len(h), *(len(row[i]) for row in cells)) + 2 for i, h in enumerate(every) if i != at)
    for heading in every:
        table.add_column(heading, justify="right" if heading in numbers else "left", no_wrap=heading != "exporter")
    for row in cells:
        row[at] = folded(row[at], max(LEAST_NAME, width - others - 3))
        verdict = plain(row.pop(), COLOURS.get(row[-1], "")) if timed else None
        table.add_row(*map(plain, row), *filter(None, [verdict]), style="dim" if row[0] == LOST else None)
    return table


def _times(m: Measurement, wide: bool) -> list[str]:
    p90 = m.latency.p90_s if m.latency else None
    return [columns.latency(m), columns.duration(p90)] if wide else [columns.duration(columns.median(m))]


def folded(name: str, width: int) -> str:
    """The name of a cell in lines of at most `width` characters, broken first between exporter and variant."""
    if len(name) <= width:
        return name
    lines = []
    for number, part in enumerate(name.split(" · ")):
        lines.append("· " if number else "")
        for piece in re.findall(r"[^:,+]+[:,+]*|[:,+]+", part):
            if len(lines[-1] + piece) > width and lines[-1] not in ("", "· "):
                lines.append("  " if number else "")
            lines[-1] += piece
            while len(lines[-1]) > width:
                lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return "\n".join(lines)


def _plain() -> Table:
    """A table with narrow gaps, so that nine columns fit 80 characters."""
    return Table(
        title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )  # fmt: skip


def print_table(
    console: Console, headings: list[str], rows: list[list[str]], title: str = "", numbers: Collection[str] = (),
    fold: bool = False, at: int = 0,
) -> None:  # fmt: skip
    """Print a table of texts. Columns of `numbers` are right-aligned; neither they nor the first column fold.

    With `fold`, only the first column folds, and with `at` only the one at that place.
    """
    table = _plain()
    table.title = plain(title, "bold") if title else None
    for i, heading in enumerate(headings):
        number = heading in numbers
        whole = i != at if fold or at else number or not i
        table.add_column(plain(heading), justify="right" if number else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    console.print(table)
