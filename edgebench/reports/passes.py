"""What was timed besides the closed loop: paced, in batches, from the disk; and the estimate of energy."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.core.measurements import Measurement
from edgebench.core.results import Loading
from edgebench.reports import columns
from edgebench.reports.text import escaped


def table(rows: Sequence[Measurement]) -> str:
    """A line for each cell; empty columns are omitted."""
    from tabulate import tabulate

    headings = ["model", "exporter", "target", "p50 latency", "paced", "records/s", "best batch", "load, first", "cold"]
    cells = [_row(m) for m in rows]
    headings.append("energy (estimate)")
    kept = [i for i in range(len(headings)) if any(row[i] for row in cells)]
    return str(
        tabulate(
            [[escaped(row[i]) for i in kept] for row in cells], [headings[i] for i in kept], tablefmt="github",
            disable_numparse=True,
        )
    )  # fmt: skip


def _row(m: Measurement) -> list[str]:
    if m.latency is None:
        return [m.cell.model, m.cell.name, m.cell.target, *[""] * 7]
    warm, cold, paced, batches, energy = (
        m.latency.warm, m.latency.cold, m.latency.paced, m.latency.batches, m.latency.energy
    )  # fmt: skip
    return [
        m.cell.model, m.cell.name, m.cell.target, columns.duration(m.latency.p50_s),
        f"{columns.duration(paced.p50_s)} every {paced.every_s:g} s" if paced else "",
        ", ".join(f"{rate:.0f} at {size}" for size, rate in batches.throughputs_per_s.items()) if batches else "",
        str(batches.best) if batches else "",
        _loading(warm) if cold else "", _loading(cold),
        f"{energy.joules * 1e3:.3g} mJ, {energy.source}" if energy else "",
    ]  # fmt: skip


def _loading(found: Loading | None) -> str:
    return f"{columns.duration(found.load_s)}, {columns.duration(found.first_inference_s)}" if found else ""
