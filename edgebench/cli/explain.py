"""`edgebench explain`: where the time of a cell goes, and why int8 is as fast as it is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from edgebench.cli.console import command, out
from edgebench.core.errors import RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.results import OperatorTime
from edgebench.reports.plain import plain

SLOWED = 1.5
"""The ratio of the profiled time to the median latency from which on the output points out the difference."""
NOT_PROFILED = "it was not profiled; a run profiles int8 files when it measures them: measure it again"


@command
def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    cell: Annotated[
        str,
        typer.Argument(metavar="CELL", help="Words of the cell's name: fbgemm-int8 or 'vit onnx-int8 host'."),
    ] = "",
) -> None:
    """Explain in one sentence for each cell why int8 is as fast as it is; for one cell, show its operators too.

    The runtime's own profiler measured the operators, in a separate process
    that times nothing else. Writes nothing.

    \b[bold]Examples[/bold]

    \bedgebench explain results/mine
    edgebench explain results/mine "vit fbgemm-int8 host"
    """
    from edgebench.choosing import int8_explanation
    from edgebench.pipeline import run_store
    from edgebench.reports import columns
    from edgebench.reports.terminal import print_sentence

    found = run_store.read(run)
    rows = [m for m in columns.ordered(found) if _meant(m, cell)]
    if not rows:
        known = {word: None for part in ("model", "variant", "exporter", "target") for word in _each(found, part)}
        raise RunError(f"{run}: no cell has all of the words '{cell}'; the words are {', '.join(known)}")
    for m in rows:
        text = int8_explanation.explain(m, found)
        text = text or ("it is not quantized" if m.precision == "fp32" else m.reason or NOT_PROFILED)
        print_sentence(out, Text.assemble(plain(m.cell.label, "bold"), plain(f": {text}")))
    if len(rows) == 1:
        _operators(found, rows[0])


def _each(run: Run, part: str) -> list[str]:
    return sorted({getattr(m.cell, part) for m in run.measurements})


def _meant(m: Measurement, words: str) -> bool:
    return {w for w in words.split() if w != "·"} <= {m.cell.model, m.cell.variant, m.cell.exporter, m.cell.target}


def _operators(run: Run, m: Measurement) -> None:
    """The table of one cell's operators, where it was profiled."""
    from edgebench.core import json_file
    from edgebench.core.validation import validated
    from edgebench.pipeline import stored_schema
    from edgebench.reports import columns
    from edgebench.reports.terminal import print_table

    path = run.folder / "profiles" / f"{m.cell.id}.json"
    if not path.is_file():
        return
    try:
        stored = json_file.of_any_text(path.read_text(encoding="utf-8"))
        operators = [validated(OperatorTime, stored_schema.row(o, str(path)), str(path), RunError) for o in stored]
        if not all(0 <= o.seconds < math.inf for o in operators):
            raise ValueError("no times")
    except (OSError, ValueError, TypeError, RunError):
        raise RunError(f"{path}: damaged; remove it and its line in journal.jsonl, then resume the run") from None
    total = sum(o.seconds for o in operators) or 1.0
    rows = [
        [o.name, o.kind, str(o.calls), columns.duration(o.seconds), f"{o.seconds / total:.0%}"] for o in operators[:20]
    ]
    left = f" (the first 20 of {len(operators)})" if len(operators) > 20 else ""
    median = columns.median(m)
    if median and total > SLOWED * median:
        slowed = f"{columns.duration(total)} in all, while a prediction takes {columns.duration(median)}"
        out.print(plain(f"profiling slows the operators ({slowed}): trust the shares, not the times"))
    print_table(
        out, ["operator", "kind", "calls", "time", "share"], rows, f"One prediction by operator{left}",
        ("calls", "time", "share"),
    )  # fmt: skip
