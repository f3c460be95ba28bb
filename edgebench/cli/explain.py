"""`edgebench explain`: where the time of each cell goes, and why int8 is as fast as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from edgebench.cli.console import command, out
from edgebench.reports.plain import plain

if TYPE_CHECKING:
    from edgebench.choosing.explained import Explanation

SLOWED = 1.5
"""The ratio of the profiled time to the median latency from which on the output points out the difference."""


@command
def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    cell: Annotated[
        str,
        typer.Argument(metavar="CELL", help="Words of the cell's name: fbgemm-int8 or 'vit onnx-int8 host'."),
    ] = "",
) -> None:
    """Say for each cell where the time goes, and why int8 is as fast as it is; for one cell, show its operators too.

    The runtime's own profiler measured the operators, after the timing. They
    stand beside the layers of the network where the file says them (eager,
    ONNX, TorchScript of EdgeBench). Writes nothing.

    \b[bold]Examples[/bold]

    \bedgebench explain results/mine
    edgebench explain results/mine "vit fbgemm-int8 host"
    """
    from edgebench.choosing import explained
    from edgebench.pipeline import run_store
    from edgebench.reports import columns
    from edgebench.reports.terminal import print_sentence

    found = run_store.read(run)
    cells = explained.explanations(found, columns.ordered(found), cell)
    for one in cells:
        print_sentence(out, Text.assemble(plain(one.measurement.cell.label, "bold"), plain(f": {one.text}")))
    if len(cells) == 1:
        _operators(cells[0])


def _operators(one: Explanation) -> None:
    """The table of one cell's operators, where it was profiled."""
    from edgebench.reports import columns
    from edgebench.reports.terminal import print_table

    operators = one.operators
    if not one.profile.is_file():
        return
    total = sum(o.seconds for o in operators) or 1.0
    layers = any(o.layer for o in operators)
    rows = [
        [*([o.layer] if layers else []), o.name, o.kind, str(o.calls), columns.duration(o.seconds),
         f"{o.seconds / total:.0%}"]
        for o in operators[:20]
    ]  # fmt: skip
    left = f" (the first 20 of {len(operators)})" if len(operators) > 20 else ""
    median = columns.median(one.measurement)
    if median and total > SLOWED * median:
        slowed = f"{columns.duration(total)} in all, while a prediction takes {columns.duration(median)}"
        out.print(plain(f"profiling slows the operators ({slowed}): trust the shares, not the times"))
    print_table(
        out, [*(["layer"] if layers else []), "operator", "kind", "calls", "time", "share"], rows,
        f"One prediction by operator{left}",
        ("calls", "time", "share"),
    )  # fmt: skip
