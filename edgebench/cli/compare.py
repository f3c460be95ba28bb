"""The commands that compare runs: `compare` and `gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from edgebench.cli.console import command, out, say_written
from edgebench.cli.options import default, option
from edgebench.cli.usage import number
from edgebench.core import problems
from edgebench.core.errors import PlanError
from edgebench.core.policy import NAMES, Name
from edgebench.core.settings import Bounds
from edgebench.reports.plain import plain
from edgebench.tasks.names import DROP_FLAG

if TYPE_CHECKING:
    from edgebench.choosing.comparison import Compared

SHARE = number(float, 0)
_usual = Bounds()
Across = Annotated[bool, typer.Option("--across-machines", metavar="", help="Compare times of different machines too.")]


@command
def compare(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    other: Annotated[
        Path | None, typer.Argument(metavar="OTHER", help="An earlier run or a baseline file to compare it with.")
    ] = None,
    base: Annotated[str, option("--base", "CELL", "Within one run: compare its cells with this one.")] = "",
    across_machines: Across = False,
) -> None:
    """Compare a run with another one, or the cells of one run with each other, with 95 % intervals.

    Cells of one run are compared round by round, since their processes took turns.

    A ratio above 1 means slower. alike: the whole interval is within 5 %.
    undecided: within the noise it may be faster or slower. Writes nothing.

    \b[bold]Examples[/bold]

    \bedgebench compare results/new results/old
    edgebench compare results/new --base eager
    edgebench compare results/new --base "onnx · structured-0.5"
    """
    from edgebench.choosing import comparison

    pairs = comparison.compare(run, other, base, across_machines)
    _show(pairs, f"{run.resolve().name} over {base or str(other)}")


@command
def gate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Folder of a run, or a file of --write-baseline.")
    ] = None,
    max_slowdown: Annotated[
        float, option("--max-slowdown", "SHARE", "Allowed increase of the median latency.", SHARE)
    ] = _usual.slowdown,
    max_drop: Annotated[
        float | None,
        option(
            "--max-drop",
            "DROP",
            "Allowed loss of the score, in its unit." + default("0.005 of its range, 2.5 % of an error"),
            number(float, 0),
            also=DROP_FLAG,
        ),
    ] = None,
    max_size_growth: Annotated[
        float, option("--max-size-growth", "SHARE", "Allowed growth of the file.", SHARE)
    ] = _usual.size_growth,
    max_memory_growth: Annotated[
        float, option("--max-memory-growth", "SHARE", "Allowed growth of the peak memory.", SHARE)
    ] = _usual.memory_growth,
    only: Annotated[
        list[str] | None, option("--only", "METRIC...", f"Compare only these of {', '.join(NAMES)}.")
    ] = None,
    retry: Annotated[
        int, option("--retry", "TIMES", "Measure undecided cells again, at most so often.", number(int, 0))
    ] = 0,
    write_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the run to this file as a baseline.")
    ] = None,
    across_machines: Across = False,
) -> None:
    """Fail if a cell is worse than its baseline by more than a bound, beyond the noise.

    Exit code 0: no cell is. 1: a cell is worse. 3: undecided, since other work
    disturbed the new or the old run; --retry measures those cells again, in turns
    with the baseline's artifacts where they are at hand. 4: a number is not
    comparable. 5: a cell is missing. 2: the input is invalid. Of several, the
    first of 1, 5, 4, 3 counts. What is too noisy to judge is reported and passes.

    \b[bold]Examples[/bold]

    \bedgebench gate results/main --write-baseline baseline.json
    edgebench gate results/new --baseline baseline.json --max-slowdown 0.05
    edgebench gate results/new --baseline results/old --retry 2
    edgebench gate results/new --baseline baseline.json --only size --only score
    """
    from edgebench.choosing import baselines, remeasure
    from edgebench.choosing import gate as gating
    from edgebench.pipeline import run_store

    if baseline is None and write_baseline is None:
        raise PlanError("name a baseline to compare with: --baseline FILE, or write one: --write-baseline FILE")
    found: list[gating.Finding] = []
    if baseline is not None:
        bounds = Bounds(max_slowdown, max_drop, max_size_growth, max_memory_growth, _metrics(only))
        pairs, found = gating.gate(run, baseline, bounds, across_machines)
        if retry:
            new, old = run_store.read(run), baselines.baseline(baseline)
            pairs, found = remeasure.again(pairs, found, new, old, bounds, retry)
        _show(pairs, f"{run.resolve().name} over {baseline}")
        for finding in found:
            _say(finding.kind, "yellow" if finding.kind == "undecided" else "red", str(finding))
        if not found:
            out.print("no cell is worse beyond the bounds and the noise", style="green")
        if text := gating.unsure(pairs, bounds):
            _say("noisy", "yellow", text)
    if write_baseline is not None and not found:  # a regression must not become the baseline of later runs
        kept = run_store.read(run)
        baselines.write_baseline(kept, write_baseline)
        say_written([write_baseline])
        if reason := next(filter(None, map(gating.disturbance, kept.measurements)), ""):
            _say("disturbed", "yellow", f"{reason}: a gate with this baseline will be undecided; measure it again")
    if found:
        raise typer.Exit(gating.exit_code(found))


def _metrics(only: list[str] | None) -> tuple[Name, ...]:
    """The metrics that a gate compares; all four where none is named. Raises PlanError."""
    if other := next((name for name in only or () if name not in NAMES), ""):
        raise PlanError(problems.not_among("only", NAMES, other).of("--only"))
    return tuple(name for name in NAMES if not only or name in only)


def _say(what: str, colour: str, line: str) -> None:
    out.print(Text.assemble((what, colour), "  ", plain(line)), soft_wrap=True)


def _show(pairs: list[Compared], title: str) -> None:
    from edgebench.choosing.reasons import title as cell_title
    from edgebench.reports import columns, remarks
    from edgebench.reports.terminal import NARROW, print_doubt, print_sentence

    if out.width >= NARROW:
        _table(
            [(p, [cell_title(p.new), p.new.cell.target]) for p in pairs],
            ["cell", "target"],
            title,
        )
    else:  # without the intervals, and a table for each model and target
        groups = dict.fromkeys((p.new.cell.model, p.new.cell.target) for p in pairs)
        for model, target in groups:
            there = [(p, [p.new.cell.name]) for p in pairs if (p.new.cell.model, p.new.cell.target) == (model, target)]
            _table(there, ["cell"], f"{model} on {target}: {title}")
    _intervals(pairs)
    doubted = [m for pair in pairs for m in (pair.new, pair.old) if columns.doubt(m)]
    if any(p.label == "undecided" for p in pairs):
        text = "undecided: the 95 % interval of the ratio contains 1; more --processes or a quieter machine narrows it"
        print_sentence(out, text)
    for run in dict.fromkeys(m.run for m in doubted):
        of_run = {m.cell.id: m for m in doubted if m.run == run}  # a base cell is in several pairs, but has one line
        for line, verdict in remarks.doubts(list(of_run.values()), f", {run}"):
            print_doubt(out, line, verdict)


def _table(pairs: list[tuple[Compared, list[str]]], first: list[str], title: str) -> None:
    from edgebench.reports import columns
    from edgebench.reports.terminal import print_table

    wide = len(first) > 1
    times = ["was", "is", "is/was (95 %)"] if wide else ["is", "is/was"]
    metric = next((p.metric for p, _ in pairs if p.score_change is not None), None)
    headings = [*first, *times, "latency", "size", "memory", f"Δ {metric.narrow}" if metric else "Δ score"]
    rows = [
        [
            *names, *([columns.duration(columns.median(p.old))] if wide else []),
            columns.duration(columns.median(p.new)),
            _ratio(p, wide), p.label, _times(p.size), _times(p.memory),
            "" if p.score_change is None else p.metric.change(p.score_change),
        ]
        for p, names in pairs
    ]  # fmt: skip
    print_table(out, headings, rows, title, [h for h in headings if h not in (*first, "latency")], fold=True)


def _ratio(p: Compared, wide: bool) -> str:
    if p.latency is None:
        return ""
    return f"{p.latency.ratio:.3f}" + (f" ({p.latency.low:.3f}–{p.latency.high:.3f})" if wide else "")


def _intervals(pairs: list[Compared]) -> None:
    """The table of the differences of scores that have an interval."""
    from edgebench.choosing.reasons import title as cell_title
    from edgebench.reports.terminal import print_table

    rows = []
    for p in pairs:
        if p.score_change is not None and p.score_interval is not None:
            low, high = map(p.metric.change, p.score_interval)
            rows.append([cell_title(p.new), p.new.cell.target, p.metric.change(p.score_change), low, high])
            metric = p.metric
    if rows:
        headings = ["cell", "target", f"Δ {metric.narrow}", "from", "to"]
        print_table(
            out, headings, rows, f"difference of {metric.heading}, record by record, with its 95 % interval",
            headings[2:], fold=True,
        )  # fmt: skip


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}×"
