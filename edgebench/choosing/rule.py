"""The rule's steps 2 to 5: the best in the preferred figure, beyond the noise, out of cells that may all be shipped.

`recommendation` says what the rule is and what it promises.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.choosing import pareto
from edgebench.choosing.pareto import Figure, value_of
from edgebench.core.measurements import Measurement


@dataclass(frozen=True)
class Choice:
    """One cell out of some, and how it came to be the one."""

    cell: Measurement
    known: int
    """How many cells the preferred figure is known of; 0 where it decides nothing."""
    tied: tuple[Measurement, ...]
    """What is left after step 2."""
    undominated: int
    """How many are left after each of the steps 3 and 4."""
    accurate: int
    factors: tuple[Figure, ...]
    """The figures of step 5."""


def choose(cells: Sequence[Measurement], prefer: Figure, figures: Sequence[Figure]) -> Choice:
    """The one of one cell or more; `figures` are those that are compared."""
    known = [m for m in cells if value_of(m, prefer) is not None]
    tied = unbeaten(known or cells, prefer)
    best = pareto.undominated(tied, figures)
    accurate = unbeaten(best, "f1")
    factors = tuple(f for f in figures if f != "f1" and any(value_of(m, f) is not None for m in accurate))
    cell = min(accurate, key=lambda m: (_product(m, factors), m.cell.id))
    return Choice(cell, len(known), tuple(tied), len(best), len(accurate), factors)


def unbeaten(cells: Sequence[Measurement], figure: Figure) -> list[Measurement]:
    """Those than which none of the cells is clearly better in a figure; what is clear follows an order, so some are."""
    worse = np.any(pareto.clear(cells, figure) < 0, axis=0)
    return [m for m, is_worse in zip(cells, worse, strict=True) if not is_worse]


def _product(m: Measurement, factors: Sequence[Figure]) -> float:
    """Infinite where a figure is missing that others have."""
    values = [value_of(m, figure) for figure in factors]
    return math.prod(math.inf if value is None else value for value in values)
