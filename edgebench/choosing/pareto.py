"""Which cells no other one dominates: the Pareto front in latency, file size, peak memory and macro-F1.

One cell *beats* another where it is clearly better in one figure and clearly worse in none. Clear is what is beyond the
noise, and noise is not transitive: cells may beat each other in a circle. So one cell *dominates* another where it
beats it, itself or over other cells in between, and is not beaten back in the same way. That is a strict partial order
(transitive, and nothing dominates itself), whatever the numbers. From it follows:

- where a cell is ranked, the front is not empty, and no cell on it is dominated;
- every other ranked cell is dominated by one that is on the front, and some cell beats it directly;
- a cell of the front that is beaten all the same is in a circle, which stands on the front as a whole.

NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgebench.core.measurements import Measurement

Figure = Literal["latency", "size", "memory", "f1"]
FIGURES: tuple[Figure, ...] = ("latency", "size", "memory", "f1")
MEMORY_NOISE = 0.05
"""Share of the larger peak by which two peaks of resident memory must differ."""
Signs = NDArray[np.int8]


def front(measurements: Sequence[Measurement]) -> set[str]:
    """Ids of the cells on the Pareto front of each target and data set, of one machine's rows."""
    rows = [m for m in measurements if ranked(m)]
    found: set[str] = set()
    for group in dict.fromkeys((m.target, m.dataset) for m in rows):
        found |= {m.cell.id for m in undominated([m for m in rows if (m.target, m.dataset) == group])}
    return found


def ranked(m: Measurement) -> bool:
    """Whether a cell has a place on the front or off it: measured, not emulated, with its figures.

    Memory alone may be unknown, where nothing tells it.
    """
    known = all(value_of(m, figure) is not None for figure in FIGURES if figure != "memory")
    return m.status == "ok" and not m.emulated and known


def value_of(m: Measurement, figure: Figure) -> float | None:
    """A figure of a cell, in base units; None where it is not known.

    No time, no file and no process is nothing: a 0 there, which other programs may write, is a figure that is missing.
    """
    if figure == "f1":
        return m.macro_f1
    value = {"latency": m.latency_p50_s, "size": m.file_size_bytes, "memory": m.peak_rss_bytes}[figure]
    return value if value is not None and value > 0 else None


def undominated(cells: Sequence[Measurement], figures: Sequence[Figure] = FIGURES) -> list[Measurement]:
    """Those of the cells that none of the others dominates in these figures, in their order."""
    beaten = beats(cells, figures)
    best: NDArray[np.bool_] = ~np.any(beaten, axis=0)
    below = best.copy()  # and whatever those beat, itself or over others
    while np.any(more := np.any(beaten[below], axis=0) & ~below):
        below |= more
    left = np.flatnonzero(~below)  # in circles, or below one: what beats these is among them, too
    best[left] = _under_nothing(beaten[np.ix_(left, left)])
    return [m for m, is_best in zip(cells, best, strict=True) if is_best]


def _under_nothing(beaten: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,): whether nothing dominates a cell, from (n, n): whether the row's beats the column's; n is mostly 0."""
    top: NDArray[np.bool_] = ~np.any(dominates(beaten), axis=0)
    return top


def dominates(beaten: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, n): whether the row's cell dominates the column's, from the same for whether it beats it."""
    reach, known = beaten, -1
    while known < (known := int(reach.sum())):  # each round doubles the length of the ways that are known
        ways = reach.astype(np.float32)
        reach = reach | (ways @ ways > 0)
    found: NDArray[np.bool_] = reach & ~reach.T
    return found


def beats(cells: Sequence[Measurement], figures: Sequence[Figure] = FIGURES) -> NDArray[np.bool_]:
    """(n, n): whether the row's cell is clearly better than the column's in one figure and clearly worse in none."""
    signs = np.stack([clear(cells, figure) for figure in figures])
    beaten: NDArray[np.bool_] = np.any(signs < 0, axis=0) & ~np.any(signs > 0, axis=0)
    return beaten


def clear(cells: Sequence[Measurement], figure: Figure) -> Signs:
    """(n, n): -1 where the row's cell is better than the column's beyond the noise, 1 where it is worse, otherwise 0.

    Latency is clear where the intervals do not overlap, memory beyond `MEMORY_NOISE`, macro-F1 beyond half the wider
    interval: of the difference to the fp32 model, or between cells of different models, which have different fp32
    models, of macro-F1 itself. File sizes have no noise. Where a figure is missing nothing is clear.
    """
    better = _BETTER[figure](cells)
    return better.T.astype(np.int8) - better.astype(np.int8)


def _latency(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    medians = _values(cells, "latency")
    low = np.array([m.latency_p50_low_s or median for m, median in zip(cells, medians, strict=True)])
    high = np.array([m.latency_p50_high_s or median for m, median in zip(cells, medians, strict=True)])
    known = ~np.isnan(medians)
    return known[:, None] & known & (high[:, None] < low)


def _size(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    sizes = _values(cells, "size")
    return sizes[:, None] < sizes


def _memory(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    peaks = _values(cells, "memory")
    return peaks - peaks[:, None] > MEMORY_NOISE * np.maximum(peaks[:, None], peaks)


def _f1(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    scores = _values(cells, "f1")
    itself = np.array([_half(m.macro_f1_low, m.macro_f1_high) for m in cells])
    paired = np.array([_half(m.delta_low, m.delta_high, other) for m, other in zip(cells, itself, strict=True)])
    models = np.array([m.model for m in cells])
    noise = np.where(
        models[:, None] == models, np.maximum(paired[:, None], paired), np.maximum(itself[:, None], itself)
    )
    better: NDArray[np.bool_] = scores[:, None] - scores > noise
    return better


_BETTER: dict[Figure, Callable[[Sequence[Measurement]], NDArray[np.bool_]]] = {
    "latency": _latency, "size": _size, "memory": _memory, "f1": _f1
}  # fmt: skip
"""By figure: (n, n), whether the row's cell is clearly better than the column's."""


def _half(low: float | None, high: float | None, without: float = 0.0) -> float:
    return without if low is None or high is None else (high - low) / 2


def _values(cells: Sequence[Measurement], figure: Figure) -> NDArray[np.float64]:
    """(n,): what is missing is not a number, which no comparison holds for."""
    values = [value_of(m, figure) for m in cells]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
