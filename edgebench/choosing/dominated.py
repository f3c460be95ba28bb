"""Why a recommended cell may be off the Pareto front: which cell dominates it, and why that one was not chosen.

What dominates a cell has a smaller cost by the same policy, so it was not chosen because it misses a bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebench.choosing import limits, pareto, reasons, rule
from edgebench.choosing.limits import Bound
from edgebench.choosing.values import METRICS
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy


def explain(
    chosen: Measurement, cells: Sequence[Measurement], bounds: Sequence[Bound], policy: Policy
) -> tuple[Measurement, str] | None:
    """A cell that dominates the chosen one, with the reason in a sentence why it was not chosen; None on the front.

    `cells` are those of one machine and target, not emulated: emulated cells are not ranked and have no front.
    """
    there = [m for m in cells if not limits.lost(m, policy)]
    above = pareto.dominates(there, policy)[:, [m is chosen for m in there].index(True)]
    if not np.any(above):
        return None
    m = rule.choose([m for m, is_above in zip(there, above, strict=True) if is_above], policy).cell
    ahead = [f for f in METRICS if pareto.significant([m, chosen], f, policy.tolerances)[0, 1] < 0]
    missed = [("it " if bound.value(m) is not None else "") + bound.miss_text(m) for bound in limits.missed(m, bounds)]
    how = reasons.against(m, chosen, policy, ahead)
    return m, (
        f"It is not on the Pareto front: {reasons.title(m)} dominates it ({how}). "
        f"That one was not chosen: {'; '.join(missed)}."
    )
