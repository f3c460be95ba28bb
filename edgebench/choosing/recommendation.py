"""Which artifact to ship to a target: the best in the preferred figure among those that meet the bounds, beyond noise.

The rule, for the measured cells of one machine and target that have a macro-F1:

1. Those that meet all bounds are left.
2. Of these, those than which none is clearly better in the preferred figure: they are tied.
3. Of these, those that none of the tied dominates (`edgebench.pareto`).
4. Of these, those than which none is clearly better in macro-F1.
5. Of these, the one with the smallest product of latency, file size and memory; then by its name.

So a recommended cell meets every bound, no cell that does is clearly better in the preferred figure, none that is tied
dominates it, and one bound more never makes the preferred figure clearly better. The order of the rows plays no part.
Where the target is emulated the latency says nothing: it is neither bounded nor compared, and where it is preferred
the file size takes its place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgebench.choosing import limits as bounding
from edgebench.choosing import pareto, shipping, weighing
from edgebench.choosing.limits import Bound
from edgebench.choosing.limits import Limits as Limits
from edgebench.choosing.pareto import FIGURES, Figure
from edgebench.errors import PlanError
from edgebench.measurements import Measurement, Run, by_machine

NEXT = 2
"""How many cells that were not chosen are told of."""
NEAREST = 3
"""How many cells are told of where none meets the bounds."""


@dataclass(frozen=True)
class Recommendation:
    """What to ship to one target, as measured on one machine. Texts are plain, without markup."""

    target: str
    host: str
    chosen: Measurement | None
    """None where no cell meets the bounds."""
    why: str
    """Sentences: what decided, and what to doubt."""
    rivals: tuple[tuple[Measurement, str], ...]
    """The next two by the same rule, each with what sets it apart."""
    costs: tuple[str, ...]
    """For each bound, what would be chosen without it."""
    excluded: Mapping[str, int]
    """By bound: how many cells do not meet it."""
    nearest: tuple[tuple[Measurement, str], ...]
    """Where no cell meets the bounds: those that miss the fewest, by the least, each with what it misses."""
    file: str
    """The file to copy, below the run's folder where it is there; it says so where it is not any more."""
    sha256: str
    snippet: str
    """A program that loads the file and decides."""
    path: Path | None = None
    """The file itself, where it is there and is the one that was measured."""


@dataclass(frozen=True)
class _Choice:
    """One cell out of some, and how it came to be the one."""

    cell: Measurement
    tied: int
    """How many are left after each of the steps 2, 3 and 4."""
    undominated: int
    accurate: int


def recommend(run: Run, limits: Limits = Limits(), target: str = "") -> list[Recommendation]:  # noqa: B008 - frozen
    """One recommendation for each machine and target of a run, or for the one target that is named.

    A target none of whose cells was measured has one, too, without a cell. Raises PlanError for an unknown target.
    """
    targets = list(dict.fromkeys([*run.plan.get("targets", ()), *sorted({m.target for m in run.measurements})]))
    present = [name for name in targets if any(m.target == name for m in run.measurements)]
    if target and target not in present:
        raise PlanError(f"{run.name} has no cell on a target '{target}'; there is {', '.join(present) or 'none'}")
    found = []
    for name in [target] if target else present:
        groups = [(host, [m for m in there if m.target == name and _eligible(m)]) for host, there in by_machine(run)]
        groups = [(host, cells) for host, cells in groups if cells]
        found += [_recommended(run, limits, name, host, cells) for host, cells in groups]
        if not groups:
            host = min(m.host for m in run.measurements if m.target == name)
            found.append(_nothing(name, host, f"No cell on {name} was measured with a macro-F1.", {}, ()))
    return found


def _eligible(m: Measurement) -> bool:
    """Whether a cell may be recommended at all."""
    timed = m.emulated or m.latency_p50_s is not None
    return m.status == "ok" and m.macro_f1 is not None and m.file_size_bytes is not None and timed


def _recommended(run: Run, limits: Limits, target: str, host: str, cells: list[Measurement]) -> Recommendation:
    emulated = any(m.emulated for m in cells)
    figures = tuple(f for f in FIGURES if f != "latency" or not emulated)
    prefer: Figure = "size" if emulated and limits.prefer == "latency" else limits.prefer
    given = bounding.bounds(limits, emulated)
    excluded = {bound.text: sum(not bound.met(m) for m in cells) for bound in given}
    fit = [m for m in cells if not bounding.missed(m, given)]
    if not fit:
        said = " ".join(filter(None, [weighing.none_fits(excluded, len(cells)), weighing.emulation(limits, emulated)]))
        return _nothing(target, host, said, excluded, _nearest(cells, given))
    choice = _choose(fit, prefer, figures)
    rivals: list[tuple[Measurement, str]] = []
    left = fit
    while len(rivals) < NEXT and len(left) > 1:
        last = rivals[-1][0] if rivals else choice.cell
        left = [m for m in left if m is not last]
        rival = _choose(left, prefer, figures).cell
        rivals.append((rival, weighing.against(rival, choice.cell, prefer, figures)))
    costs = []
    for bound in given:
        others = [b for b in given if b is not bound]
        freed = _choose([m for m in cells if not bounding.missed(m, others)], prefer, figures).cell
        costs.append(weighing.cost(bound, excluded[bound.text], freed, choice.cell, prefer))
    shipped = shipping.of(choice.cell, run)
    why = weighing.reason(
        choice.cell, prefer, figures, (len(cells), len(fit), choice.tied, choice.undominated, choice.accurate)
    )
    cautions = weighing.cautions(choice.cell, given, limits)
    return Recommendation(
        target, host, choice.cell, " ".join([why, *cautions]), tuple(rivals), tuple(costs), excluded, (),
        shipped.file, shipped.sha256, shipped.snippet, shipped.path,
    )  # fmt: skip


def _choose(cells: Sequence[Measurement], prefer: Figure, figures: Sequence[Figure]) -> _Choice:
    """The rule's steps 2 to 5 on one cell or more."""
    tied = _unbeaten(cells, prefer)
    best = pareto.undominated(tied, figures)
    accurate = _unbeaten(best, "f1")
    return _Choice(min(accurate, key=lambda m: _order(m, figures)), len(tied), len(best), len(accurate))


def _unbeaten(cells: Sequence[Measurement], figure: Figure) -> list[Measurement]:
    """Those than which none of the cells is clearly better in a figure; what is clear follows an order, so some are."""
    worse = np.any(pareto.clear(cells, figure) < 0, axis=0)
    return [m for m, is_worse in zip(cells, worse, strict=True) if not is_worse]


def _order(m: Measurement, figures: Sequence[Figure]) -> tuple[float, str]:
    values = [bounding.value_of(m, figure) for figure in figures if figure != "f1"]
    return math.prod(math.inf if value is None else value for value in values), m.cell.id


def _nearest(cells: Sequence[Measurement], given: Sequence[Bound]) -> tuple[tuple[Measurement, str], ...]:
    """Those that miss the fewest bounds, by the smallest sum of shares; one for each set of bounds that are missed."""
    lacking = {m.cell.id: bounding.missed(m, given) for m in cells}

    def distance(m: Measurement) -> tuple[float, float, str]:
        return len(lacking[m.cell.id]), sum(bound.miss(m) for bound in lacking[m.cell.id]), m.cell.id

    found: dict[tuple[str, ...], Measurement] = {}
    for m in sorted(cells, key=distance):
        found.setdefault(tuple(bound.text for bound in lacking[m.cell.id]), m)
    return tuple(
        (m, "; ".join(bound.told(m) for bound in lacking[m.cell.id])) for m in list(found.values())[:NEAREST]
    )  # fmt: skip


def _nothing(
    target: str, host: str, why: str, excluded: Mapping[str, int], nearest: tuple[tuple[Measurement, str], ...]
) -> Recommendation:
    return Recommendation(target, host, None, why, (), (), excluded, nearest, "", "", "")
