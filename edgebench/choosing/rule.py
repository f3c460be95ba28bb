"""Steps 2 to 5 of the rule: the best cell in the preferred metric, beyond the noise, of those that may be shipped.

`recommendation` says what the rule is and what it guarantees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.choosing import pareto
from edgebench.choosing.pareto import Metric, value_of
from edgebench.core.measurements import Measurement


@dataclass(frozen=True)
class Choice:
    """The chosen cell, and what each step left."""

    cell: Measurement
    known: int
    """How many cells have the preferred metric; where none has, it decides nothing."""
    tied: tuple[Measurement, ...]
    """The cells that step 2 leaves."""
    undominated: int
    """How many cells step 3 leaves."""
    accurate: int
    """How many cells step 4 leaves."""
    factors: tuple[Metric, ...]
    """The metrics whose product step 5 compares."""


def choose(cells: Sequence[Measurement], prefer: Metric, metrics: Sequence[Metric]) -> Choice:
    """Choose one of one or more cells; `metrics` are those that are compared."""
    known = [m for m in cells if value_of(m, prefer) is not None]
    tied = leading(known or cells, prefer)
    best = pareto.undominated(tied, metrics)
    accurate = leading(best, "score")
    factors = tuple(f for f in metrics if f != "score" and any(value_of(m, f) is not None for m in accurate))
    cell = min(accurate, key=lambda m: (_product(m, factors), m.cell.id))
    return Choice(cell, len(known), tuple(tied), len(best), len(accurate), factors)


def leading(cells: Sequence[Measurement], metric: Metric) -> list[Measurement]:
    """The cells than which no other is significantly better in a metric; there is always one."""
    behind = np.any(pareto.significant(cells, metric) < 0, axis=0)
    return [m for m, is_behind in zip(cells, behind, strict=True) if not is_behind]


def _product(m: Measurement, factors: Sequence[Metric]) -> float:
    """The product of the metrics; infinite where one is missing that others have."""
    values = [value_of(m, metric) for metric in factors]
    return math.prod(math.inf if value is None else value for value in values)
