"""Why a recommended cell may be off the Pareto front: which cell beats it, and why that one was not chosen.

The front knows no bounds and no preference. A cell of it may miss a bound, or, since *within the noise* is not
transitive, be clearly behind in the preferred figure where the recommended one is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebench.choosing import limits as bounding
from edgebench.choosing import pareto, reasons, rule
from edgebench.choosing.limits import Bound
from edgebench.choosing.pareto import FIGURES, Figure, value_of
from edgebench.choosing.rule import Choice
from edgebench.core.measurements import Measurement


def of(
    choice: Choice, cells: Sequence[Measurement], given: Sequence[Bound], prefer: Figure
) -> tuple[Measurement, str] | None:
    """A cell that dominates the chosen one of these, with why it was not chosen, in a sentence; None on the front.

    `cells` are those of one machine and target, not emulated: there is no front where nothing is ranked.
    """
    beaten = pareto.beats(cells)
    me = next(number for number, m in enumerate(cells) if m is choice.cell)
    above = pareto.dominates(beaten)[:, me]
    if not np.any(above):
        return None
    best = {m.cell.id for m in pareto.undominated(cells)}
    front = np.array([m.cell.id in best for m in cells])
    # Rather one that beats it by itself, and rather one of the front; one that does both need not be there.
    found = next(some for some in (above & front & beaten[:, me], above & beaten[:, me], above & front) if np.any(some))
    number = cells.index(
        rule.choose([m for m, is_one in zip(cells, found, strict=True) if is_one], prefer, FIGURES).cell
    )
    m = cells[number]
    if beaten[number, me]:
        better = [f for f in FIGURES if pareto.clear([m, choice.cell], f)[0, 1] < 0]
        how = f"beats it ({reasons.against(m, choice.cell, prefer, better)})"
    else:
        how = "dominates it over cells in between"
    return m, f"It is not on the Pareto front: {reasons.title(m)} {how}. {_why_not(m, choice, cells, given, prefer)}"


def _why_not(
    m: Measurement, choice: Choice, cells: Sequence[Measurement], given: Sequence[Bound], prefer: Figure
) -> str:
    lacking = bounding.missed(m, given)
    if lacking:
        told = [("it " if bound.value(m) is not None else "") + bound.told(m) for bound in lacking]
        return f"That one was not chosen: {'; '.join(told)}."
    name = reasons.NAMES[prefer]
    if choice.known and value_of(m, prefer) is None:
        return f"That one was not chosen because its {name} is not known."
    ahead = [one for one in choice.tied if pareto.clear([one, m], prefer)[0, 1] < 0]
    if ahead:
        leader = rule.choose(ahead, prefer, FIGURES).cell
        return (
            f"That one was not chosen because its {name} is clearly behind that of {reasons.title(leader)}, "
            "with which the recommended one is tied."
        )
    return "By itself that one does not beat it, and so the two were weighed against each other."
