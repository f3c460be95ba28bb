"""Which artifact to ship to a target: the best in the preferred figure among those that meet the bounds, beyond noise.

The rule, for the measured cells of one machine and target that have a macro-F1:

1. Those that meet all bounds are left.
2. Of these, those than which none is clearly better in the preferred figure: they are tied. Cells of which the figure
   is not known are left only where none of them has it.
3. Of these, those that none of the tied dominates (`edgebench.choosing.pareto`).
4. Of these, those than which none is clearly better in macro-F1.
5. Of these, the one with the smallest product of latency, file size and memory; then by its name. A figure that some
   have counts as infinite where it is missing.

So a recommended cell meets every bound, no cell that does is clearly better in the preferred figure, none that is tied
dominates it, and one bound more never makes the preferred figure clearly better. The order of the rows plays no part.
Where the target is emulated the latency says nothing: it is neither bounded nor compared, and where it is preferred
the file size takes its place. A recommended cell may be off the Pareto front, which knows of no bounds; the answer then
says which cell beats it, and why that one was not chosen (`edgebench.choosing.dominated`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebench.choosing import dominated, reasons, rule, shipping
from edgebench.choosing import limits as bounding
from edgebench.choosing.limits import Bound
from edgebench.choosing.limits import Limits as Limits
from edgebench.choosing.pareto import FIGURES, Figure, value_of
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement, Run, by_machine

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
    """Where no cell meets the bounds: those that miss the fewest, by the least, each with what it gives and misses."""
    file: str
    """The file to copy, seen from the run's folder; it says so where it is not here."""
    sha256: str
    snippet: str
    """A program that loads the file and decides."""
    path: Path | None = None
    """The file itself, where it is there and is the one that was measured."""
    beaten_by: Measurement | None = None
    """A cell that dominates the chosen one, where that is not on the Pareto front; `why` says why it was not chosen."""


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
            rows = [m for m in run.measurements if m.target == name]
            found.append(_nothing(name, min(m.host for m in rows), _unmeasured(name, rows), {}, ()))
    return found


def _eligible(m: Measurement) -> bool:
    """Whether a cell may be recommended at all."""
    needed: tuple[Figure, ...] = ("size", "f1") if m.emulated else ("latency", "size", "f1")
    return m.status == "ok" and all(value_of(m, figure) is not None for figure in needed)


def _unmeasured(target: str, rows: Sequence[Measurement]) -> str:
    """Why there is nothing to choose from on a target."""
    counts = Counter("without its figures" if m.status == "ok" else m.status for m in rows)
    return f"No cell on {target} was measured whole: {', '.join(f'{n} {what}' for what, n in sorted(counts.items()))}."


def _recommended(run: Run, limits: Limits, target: str, host: str, cells: list[Measurement]) -> Recommendation:
    emulated = any(m.emulated for m in cells)
    figures = tuple(f for f in FIGURES if f != "latency" or not emulated)
    prefer: Figure = "size" if emulated and limits.prefer == "latency" else limits.prefer
    given = bounding.bounds(limits, emulated)
    excluded = {bound.text: sum(not bound.met(m) for m in cells) for bound in given}
    fit = [m for m in cells if not bounding.missed(m, given)]
    if not fit:
        said = [reasons.none_fits(given, cells), *([reasons.emulation(limits, chosen=False)] if emulated else [])]
        return _nothing(target, host, " ".join(said), excluded, _nearest(cells, given, figures))
    choice = rule.choose(fit, prefer, figures)
    rivals: list[tuple[Measurement, str]] = []
    left = fit
    while len(rivals) < NEXT and len(left) > 1:
        last = rivals[-1][0] if rivals else choice.cell
        left = [m for m in left if m is not last]
        rival = rule.choose(left, prefer, figures).cell
        rivals.append((rival, reasons.against(rival, choice.cell, prefer, figures)))
    beaten = None if emulated else dominated.of(choice, cells, given, prefer)
    why = [
        reasons.reason(choice, prefer, len(cells), len(fit)),
        *([beaten[1]] if beaten else []),
        *reasons.cautions(choice.cell, cells, given, limits),
    ]
    shipped = shipping.of(choice.cell, run)
    return Recommendation(
        target, host, choice.cell, " ".join(why), tuple(rivals), _costs(choice.cell, cells, given, prefer, figures),
        excluded, (), shipped.file, shipped.sha256, shipped.snippet, shipped.path, beaten[0] if beaten else None,
    )  # fmt: skip


def _costs(
    chosen: Measurement, cells: Sequence[Measurement], given: Sequence[Bound], prefer: Figure, figures: Sequence[Figure]
) -> tuple[str, ...]:
    """What would be chosen without each bound; and without all, where several keep the same cell out."""

    def without(bounds: Sequence[Bound]) -> Measurement:
        left = [b for b in given if b not in bounds]
        return rule.choose([m for m in cells if not bounding.missed(m, left)], prefer, figures).cell

    costs = [reasons.cost(bound, cells, without([bound]), chosen, prefer) for bound in given]
    free = without(given)
    if free is not chosen and all(without([bound]) is chosen for bound in given):
        costs.append(reasons.together(free, chosen, prefer))
    return tuple(costs)


def _nearest(
    cells: Sequence[Measurement], given: Sequence[Bound], figures: Sequence[Figure]
) -> tuple[tuple[Measurement, str], ...]:
    """Those that miss the fewest bounds, by the smallest sum of shares; one for each set of bounds that are missed.

    Where it is not known whether a bound is met, it is missed, and by more than any that is known.
    """
    lacking = {m.cell.id: bounding.missed(m, given) for m in cells}

    def distance(m: Measurement) -> tuple[int, int, float, str]:
        misses = [bound.miss(m) for bound in lacking[m.cell.id]]
        known = [miss for miss in misses if miss < math.inf]
        return len(misses), len(misses) - len(known), sum(known), m.cell.id

    found: dict[tuple[str, ...], Measurement] = {}
    for m in sorted(cells, key=distance):
        found.setdefault(tuple(bound.text for bound in lacking[m.cell.id]), m)
    return tuple(
        (m, "; ".join([reasons.gives(m, figures), *(bound.told(m) for bound in lacking[m.cell.id])]))
        for m in list(found.values())[:NEAREST]
    )  # fmt: skip


def _nothing(
    target: str, host: str, why: str, excluded: Mapping[str, int], nearest: tuple[tuple[Measurement, str], ...]
) -> Recommendation:
    return Recommendation(target, host, None, why, (), (), excluded, nearest, "", "", "")
