"""Which cells no other one dominates: the Pareto front in latency, file size, peak memory and the score.

One cell is *better* than another if it is significantly better in one metric and significantly worse in none.
Significant is what exceeds the noise. Noise is not transitive: cells may be better than each other in a circle. So one
cell *dominates* another if it is better, directly or through a chain of cells, and no such chain leads back. That is a
strict partial order (transitive, and nothing dominates itself), whatever the numbers. It follows:

- if a cell is ranked, the front is not empty, and no cell on it is dominated;
- every ranked cell off the front is dominated by a cell on it, and some cell is directly better;
- if some cell is better than a cell of the front, both are in a circle, all of which is on the front.

NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgebench.core.measurements import Measurement

Metric = Literal["latency", "size", "memory", "score"]
METRICS: tuple[Metric, ...] = ("latency", "size", "memory", "score")
MEMORY_NOISE = 0.05
"""Two peaks of resident memory differ significantly from this share of the larger one on."""
Signs = NDArray[np.int8]


def front(measurements: Sequence[Measurement]) -> set[str]:
    """Ids of the cells on the Pareto front of each target and data set; all rows are of one machine."""
    rows = [m for m in measurements if ranked(m)]
    found: set[str] = set()
    for group in dict.fromkeys((m.cell.target, m.dataset) for m in rows):
        found |= {m.cell.id for m in undominated([m for m in rows if (m.cell.target, m.dataset) == group])}
    return found


def ranked(m: Measurement) -> bool:
    """Whether a cell is on the front or off it: measured, not emulated, with all metrics but perhaps memory."""
    known = all(value_of(m, metric) is not None for metric in METRICS if metric != "memory")
    return m.status == "ok" and not m.emulated and known


def value_of(m: Measurement, metric: Metric) -> float | None:
    """A metric of a cell in base units; `score` is the task's primary metric. None where it is not known.

    Other programs may write 0 for a missing time, size or memory, so 0 counts as missing there.
    """
    if metric == "score":
        return m.scores.primary.value if m.scores else None
    value = {
        "latency": m.latency.p50_s if m.latency else None,
        "size": m.artifact.file_size_bytes if m.artifact else None,
        "memory": m.memory.peak_rss_bytes if m.memory else None,
    }[metric]
    return value if value is not None and value > 0 else None


def undominated(cells: Sequence[Measurement], metrics: Sequence[Metric] = METRICS) -> list[Measurement]:
    """Those of the cells that none of the others dominates in these metrics, in their order."""
    above = better(cells, metrics)
    best: NDArray[np.bool_] = ~np.any(above, axis=0)
    below = best.copy()  # and all that these are better than, directly or through a chain
    while np.any(more := np.any(above[below], axis=0) & ~below):
        below |= more
    left = np.flatnonzero(~below)  # in circles, or below one: what is better than these is among them, too
    best[left] = ~np.any(dominates(above[np.ix_(left, left)]), axis=0)
    return [m for m, is_best in zip(cells, best, strict=True) if is_best]


def dominates(above: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, n): whether the row's cell dominates the column's; `above` is the result of `better`."""
    reach, known = above, -1
    while known < (known := int(reach.sum())):  # each round doubles the length of the chains that are known
        chains = reach.astype(np.float32)
        reach = reach | (chains @ chains > 0)
    found: NDArray[np.bool_] = reach & ~reach.T
    return found


def better(cells: Sequence[Measurement], metrics: Sequence[Metric] = METRICS) -> NDArray[np.bool_]:
    """(n, n): whether the row's cell is significantly better than the column's in one metric and worse in none."""
    signs = np.stack([significant(cells, metric) for metric in metrics])
    found: NDArray[np.bool_] = np.any(signs < 0, axis=0) & ~np.any(signs > 0, axis=0)
    return found


def significant(cells: Sequence[Measurement], metric: Metric) -> Signs:
    """(n, n): -1 where the row's cell is better than the column's beyond the noise, 1 where worse, otherwise 0.

    Latencies differ significantly if their intervals do not overlap, memory by more than `MEMORY_NOISE`, scores by
    more than half the wider interval. That interval is the one of the difference to the fp32 model; between cells of
    different models, which have different fp32 models, it is that of the score itself. File sizes have no noise. Where
    a metric is missing, nothing is significant.
    """
    is_better = _BETTER[metric](cells)
    return is_better.T.astype(np.int8) - is_better.astype(np.int8)


def _latency(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    medians = _values(cells, "latency")
    low = np.array([m.latency.p50_low_s if m.latency else np.nan for m in cells])
    high = np.array([m.latency.p50_high_s if m.latency else np.nan for m in cells])
    known = ~np.isnan(medians)
    return known[:, None] & known & (high[:, None] < low)


def _size(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    sizes = _values(cells, "size")
    return sizes[:, None] < sizes


def _memory(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    peaks = _values(cells, "memory")
    return peaks - peaks[:, None] > MEMORY_NOISE * np.maximum(peaks[:, None], peaks)


def _score(cells: Sequence[Measurement]) -> NDArray[np.bool_]:
    scores = [m.scores.primary if m.scores else None for m in cells]
    values = np.array([s.metric.goodness(s.value) if s else np.nan for s in scores])
    itself = np.array([_half(s.low, s.high) if s else 0.0 for s in scores])
    paired = np.array(
        [_half(s.delta_low, s.delta_high, other) if s else 0.0 for s, other in zip(scores, itself, strict=True)]
    )
    models = np.array([m.cell.model for m in cells])
    noise = np.where(
        models[:, None] == models, np.maximum(paired[:, None], paired), np.maximum(itself[:, None], itself)
    )
    found: NDArray[np.bool_] = values[:, None] - values > noise
    return found


_BETTER: dict[Metric, Callable[[Sequence[Measurement]], NDArray[np.bool_]]] = {
    "latency": _latency, "size": _size, "memory": _memory, "score": _score
}  # fmt: skip
"""By metric: (n, n), whether the row's cell is significantly better than the column's."""


def _half(low: float | None, high: float | None, without: float = 0.0) -> float:
    return without if low is None or high is None else (high - low) / 2


def _values(cells: Sequence[Measurement], metric: Metric) -> NDArray[np.float64]:
    """(n,): a missing value is not-a-number, for which no comparison holds."""
    values = [value_of(m, metric) for m in cells]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
