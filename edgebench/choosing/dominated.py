"""Why a recommended cell may be off the Pareto front: which cell dominates it, and why that one was not chosen.

The front knows no bounds and no preference. A cell of it may miss a bound. Or, since *within the noise* is not
transitive, it may be significantly behind in the preferred metric where the recommended one is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebench.choosing import limits, pareto, reasons, rule
from edgebench.choosing.limits import Bound
from edgebench.choosing.pareto import METRICS, Metric, value_of
from edgebench.choosing.rule import Choice
from edgebench.core.measurements import Measurement


def explain(
    choice: Choice, cells: Sequence[Measurement], bounds: Sequence[Bound], prefer: Metric
) -> tuple[Measurement, str] | None:
    """A cell that dominates the chosen one, with the reason in a sentence why it was not chosen; None on the front.

    `cells` are those of one machine and target, not emulated: emulated cells are not ranked and have no front.
    """
    better = pareto.better(cells)
    me = next(number for number, m in enumerate(cells) if m is choice.cell)
    above = pareto.dominates(better)[:, me]
    if not np.any(above):
        return None
    best = {m.cell.id for m in pareto.undominated(cells)}
    front = np.array([m.cell.id in best for m in cells])
    # Best is a cell that is directly better and on the front; there may be none that is both.
    candidates = (above & front & better[:, me], above & better[:, me], above & front)
    found = next(some for some in candidates if np.any(some))
    number = cells.index(
        rule.choose([m for m, is_one in zip(cells, found, strict=True) if is_one], prefer, METRICS).cell
    )
    m = cells[number]
    if better[number, me]:
        ahead = [metric for metric in METRICS if pareto.significant([m, choice.cell], metric)[0, 1] < 0]
        how = f"dominates it ({reasons.against(m, choice.cell, prefer, ahead)})"
    else:
        how = "dominates it through a chain of other cells"
    return m, f"It is not on the Pareto front: {reasons.title(m)} {how}. {_why_not(m, choice, bounds, prefer)}"


def _why_not(m: Measurement, choice: Choice, bounds: Sequence[Bound], prefer: Metric) -> str:
    missed = limits.missed(m, bounds)
    if missed:
        parts = [("it " if bound.value(m) is not None else "") + bound.miss_text(m) for bound in missed]
        return f"That one was not chosen: {'; '.join(parts)}."
    name = reasons.name_of(prefer, m)
    if choice.known and value_of(m, prefer) is None:
        return f"That one was not chosen because its {name} is not known."
    ahead = [one for one in choice.tied if pareto.significant([one, m], prefer)[0, 1] < 0]
    if ahead:
        leader = rule.choose(ahead, prefer, METRICS).cell
        return (
            f"That one was not chosen because its {name} is significantly worse than that of {reasons.title(leader)}, "
            "with which the recommended one is tied."
        )
    return "That one is not directly better, so the rule compared the two by score and by the product of the rest."
