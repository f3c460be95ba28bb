"""What was timed beside the closed loop: paced, in batches, from the disk; and the estimate of energy."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.core.measurements import Measurement
from edgebench.reports import columns
from edgebench.reports.text import escaped


def table(rows: Sequence[Measurement]) -> str:
    """One line a cell; columns that nobody filled are left out."""
    from tabulate import tabulate

    headings = ["model", "exporter", "target", "p50 latency", "paced", "records/s", "best batch", "load, first", "cold"]
    cells = [_row(m) for m in rows]
    if any(m.energy_j for m in rows):
        headings.append("energy (estimate)")
        for cell, m in zip(cells, rows, strict=True):
            cell.append(f"{m.energy_j * 1e3:.3g} mJ, {m.energy_source}" if m.energy_j else "")
    kept = [i for i in range(len(headings)) if any(row[i] for row in cells)]
    return str(
        tabulate(
            [[escaped(row[i]) for i in kept] for row in cells], [headings[i] for i in kept], tablefmt="github",
            disable_numparse=True,
        )
    )  # fmt: skip


def _row(m: Measurement) -> list[str]:
    every = f" every {m.paced_every_s:g} s" if m.paced_every_s else ""
    rates = ", ".join(f"{rate:.0f} at {size}" for size, rate in m.batch_throughputs_per_s.items())
    cold = f"{columns.duration(m.cold_load_s)}, {columns.duration(m.cold_first_inference_s)}" if m.cold_load_s else ""
    return [
        m.model, columns.name(m), m.target, columns.duration(m.latency_p50_s),
        columns.duration(m.paced_p50_s) + every, rates, str(m.best_batch or ""),
        f"{columns.duration(m.load_s)}, {columns.duration(m.first_inference_s)}" if cold else "", cold,
    ]  # fmt: skip
