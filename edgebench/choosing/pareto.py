"""Which cells no other one dominates: the Pareto front in latency, file size, peak memory and the score.

One cell *dominates* another if it is significantly better in one metric, significantly worse in none, and of lower cost
by the policy (`edgebench.choosing.rule`). Significant is what exceeds the policy's tolerances and the noise. Noise is
not transitive, so cells could be better than each other in a circle; the cost, which orders all cells, allows none. A
network that lost more than the allowed drop is on no front, and dominates nothing. It follows:

- if a cell is ranked, the front is not empty, and no cell on it is dominated;
- every ranked cell off the front is dominated by a cell of lower cost;
- what is recommended without further bounds is on the front, by the same policy.

NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgebench.choosing import limits, rule
from edgebench.choosing.values import METRICS, Metric, value_of
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy, Tolerances

Signs = NDArray[np.int8]


def front(measurements: Sequence[Measurement], policy: Policy) -> set[str]:
    """Ids of the cells on the Pareto front of each target and data set; all rows are of one machine."""
    rows = [m for m in measurements if ranked(m) and not limits.lost(m, policy)]
    found: set[str] = set()
    for group in dict.fromkeys((m.cell.target, m.dataset) for m in rows):
        found |= {m.cell.id for m in undominated([m for m in rows if (m.cell.target, m.dataset) == group], policy)}
    return found


def ranked(m: Measurement) -> bool:
    """Whether a cell is on the front or off it: measured, not emulated, with all metrics but perhaps memory."""
    known = all(value_of(m, metric) is not None for metric in METRICS if metric != "memory")
    return m.status == "ok" and not m.emulated and known


def undominated(cells: Sequence[Measurement], policy: Policy) -> list[Measurement]:
    """Those of the cells that none of the others dominates, in their order."""
    above = dominates(cells, policy)
    return [m for m, below in zip(cells, np.any(above, axis=0), strict=True) if not below]


def dominates(cells: Sequence[Measurement], policy: Policy) -> NDArray[np.bool_]:
    """(n, n): whether the row's cell dominates the column's."""
    signs = np.stack([significant(cells, metric, policy.tolerances) for metric in METRICS])
    better = np.any(signs < 0, axis=0) & ~np.any(signs > 0, axis=0)
    costs = [rule.cost(m, policy) for m in cells]
    place = {cost: number for number, cost in enumerate(sorted(set(costs)))}
    places = np.array([place[cost] for cost in costs])
    found: NDArray[np.bool_] = better & (places[:, None] < places)
    return found


def significant(cells: Sequence[Measurement], metric: Metric, tolerances: Tolerances = Tolerances()) -> Signs:  # noqa: B008
    """(n, n): -1 where the row's cell is better than the column's beyond the noise, 1 where worse, otherwise 0.

    Latencies differ significantly if their intervals do not overlap, sizes and memory by more than their tolerance,
    scores by more than half the wider interval. That interval is the one of the difference to the fp32 model; between
    cells of different models, which have different fp32 models, it is that of the score itself. Where a metric is
    missing, nothing is significant.
    """
    is_better = _BETTER[metric](cells, tolerances)
    return is_better.T.astype(np.int8) - is_better.astype(np.int8)


def _latency(cells: Sequence[Measurement], tolerances: Tolerances) -> NDArray[np.bool_]:
    medians = _values(cells, "latency")
    # Without an interval nothing tells two medians apart: None is not-a-number.
    low = np.array([m.latency.p50_low_s if m.latency else None for m in cells], np.float64)
    high = np.array([m.latency.p50_high_s if m.latency else None for m in cells], np.float64)
    known = ~np.isnan(medians)
    return known[:, None] & known & (high[:, None] < low)


def _size(cells: Sequence[Measurement], tolerances: Tolerances) -> NDArray[np.bool_]:
    return _smaller(_values(cells, "size"), tolerances.size)


def _memory(cells: Sequence[Measurement], tolerances: Tolerances) -> NDArray[np.bool_]:
    return _smaller(_values(cells, "memory"), tolerances.memory)


def _smaller(values: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    return values - values[:, None] > tolerance * np.maximum(values[:, None], values)


def _score(cells: Sequence[Measurement], tolerances: Tolerances) -> NDArray[np.bool_]:
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


_BETTER: dict[Metric, Callable[[Sequence[Measurement], Tolerances], NDArray[np.bool_]]] = {
    "latency": _latency, "size": _size, "memory": _memory, "score": _score
}  # fmt: skip
"""By metric: (n, n), whether the row's cell is significantly better than the column's."""


def _half(low: float | None, high: float | None, without: float = 0.0) -> float:
    return without if low is None or high is None else (high - low) / 2


def _values(cells: Sequence[Measurement], metric: Metric) -> NDArray[np.float64]:
    """(n,): a missing value is not-a-number, for which no comparison holds."""
    values = [value_of(m, metric) for m in cells]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
