"""Which artifact to ship to a target: the best in the preferred metric among those that meet the bounds, beyond noise.

The rule, for the measured cells of one machine and target that have a score:

1. Keep the cells that meet all bounds.
2. Of these, keep those than which no cell is significantly better in the preferred metric: they are tied. Cells without
   that metric are kept only where no cell has it.
3. Of these, keep those that none of the tied dominates (`edgebench.choosing.pareto`).
4. Of these, keep those than which none is significantly better in the score, which is the task's primary metric.
5. Of these, take the one with the smallest product of latency, file size and memory; then the first by name. A metric
   that some cells have counts as infinite where it is missing.

So a recommended cell meets every bound, no cell that does is significantly better in the preferred metric, none that is
tied dominates it, and an additional bound never makes the preferred metric significantly better. The order of the rows
does not matter. On an emulated target the latency says nothing: it is neither bounded nor compared, and where it is
preferred the file size takes its place. A recommended cell may be off the Pareto front, which knows no bounds. The
answer then says which cell dominates it, and why that one was not chosen (`edgebench.choosing.dominated`).
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
from edgebench.choosing.pareto import METRICS, Metric, value_of
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement, Run, by_machine

NEXT = 2
"""How many cells that were not chosen the answer explains."""
NEAREST = 3
"""How many cells the answer lists where none meets the bounds."""


@dataclass(frozen=True)
class Recommendation:
    """What to ship to one target, as measured on one machine. Texts are plain, without markup."""

    target: str
    host: str
    chosen: Measurement | None
    """None where no cell meets the bounds."""
    why: str
    """Sentences: what decided, and warnings."""
    rivals: tuple[tuple[Measurement, str], ...]
    """The next two by the same rule, each with its differences to the chosen one."""
    costs: tuple[str, ...]
    """For each bound, what would be chosen without it."""
    excluded: Mapping[str, int]
    """By bound, how many cells do not meet it."""
    nearest: tuple[tuple[Measurement, str], ...]
    """Where no cell meets the bounds, those that miss the fewest by the least, each with its metrics and misses."""
    file: str
    """The file to copy, relative to the run's folder; says so where the file is not here."""
    sha256: str
    snippet: str
    """A program that loads the file and predicts."""
    path: Path | None = None
    """The file itself; None unless it exists and is the one that was measured."""
    dominated_by: Measurement | None = None
    """A cell that dominates the chosen one, where that is off the Pareto front; `why` says why it was not chosen."""

    @property
    def beaten_by(self) -> Measurement | None:
        """`dominated_by` by the name of earlier versions, for scripts."""
        return self.dominated_by


def recommend(run: Run, limits: Limits = Limits(), target: str = "") -> list[Recommendation]:  # noqa: B008 - frozen
    """One recommendation for each machine and target of a run, or only for `target`.

    A target without a measured cell has a recommendation without a cell. Raises PlanError for an unknown target.
    """
    targets = list(dict.fromkeys([*run.plan.get("targets", ()), *sorted({m.cell.target for m in run.measurements})]))
    present = [name for name in targets if any(m.cell.target == name for m in run.measurements)]
    if target and target not in present:
        raise PlanError(f"{run.name} has no cell on a target '{target}'; there is {', '.join(present) or 'none'}")
    found = []
    for name in [target] if target else present:
        groups = [
            (host, [m for m in there if m.cell.target == name and eligible(m)]) for host, there in by_machine(run)
        ]
        groups = [(host, cells) for host, cells in groups if cells]
        found += [_recommended(run, limits, name, host, cells) for host, cells in groups]
        if not groups:
            rows = [m for m in run.measurements if m.cell.target == name]
            found.append(_nothing(name, min(m.host for m in rows), _unmeasured(name, rows), {}, ()))
    return found


def eligible(m: Measurement) -> bool:
    """Whether a cell has what the rule needs."""
    needed: tuple[Metric, ...] = ("size", "score") if m.emulated else ("latency", "size", "score")
    return m.status == "ok" and all(value_of(m, metric) is not None for metric in needed)


def _unmeasured(target: str, rows: Sequence[Measurement]) -> str:
    """Why there is nothing to choose from on a target."""
    counts = Counter("without some metric" if m.status == "ok" else m.status for m in rows)
    listed = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    return f"No cell on {target} was measured completely: {listed}."


def _recommended(run: Run, limits: Limits, target: str, host: str, cells: list[Measurement]) -> Recommendation:
    emulated = any(m.emulated for m in cells)
    metrics = tuple(f for f in METRICS if f != "latency" or not emulated)
    prefer: Metric = "size" if emulated and limits.prefer == "latency" else limits.prefer
    scores = next(m.scores for m in cells if m.scores)
    bounds = bounding.bounds(limits, emulated, scores.primary.metric)
    excluded = {bound.text: sum(not bound.met(m) for m in cells) for bound in bounds}
    fit = [m for m in cells if not bounding.missed(m, bounds)]
    if not fit:
        why = [reasons.none_fits(bounds, cells), *([reasons.emulation(limits, chosen=False)] if emulated else [])]
        return _nothing(target, host, " ".join(why), excluded, _nearest(cells, bounds, metrics))
    choice = rule.choose(fit, prefer, metrics)
    rivals: list[tuple[Measurement, str]] = []
    left = fit
    while len(rivals) < NEXT and len(left) > 1:
        last = rivals[-1][0] if rivals else choice.cell
        left = [m for m in left if m is not last]
        rival = rule.choose(left, prefer, metrics).cell
        rivals.append((rival, reasons.against(rival, choice.cell, prefer, metrics)))
    above = None if emulated else dominated.explain(choice, cells, bounds, prefer)
    why = [
        reasons.reason(choice, prefer, len(cells), len(fit)),
        *([above[1]] if above else []),
        *reasons.cautions(choice.cell, cells, bounds, limits),
    ]
    shipped = shipping.locate(choice.cell, run)
    return Recommendation(
        target, host, choice.cell, " ".join(why), tuple(rivals), _costs(choice.cell, cells, bounds, prefer, metrics),
        excluded, (), shipped.file, shipped.sha256, shipped.snippet, shipped.path, above[0] if above else None,
    )  # fmt: skip


def _costs(
    chosen: Measurement, cells: Sequence[Measurement], bounds: Sequence[Bound], prefer: Metric,
    metrics: Sequence[Metric],
) -> tuple[str, ...]:  # fmt: skip
    """What would be chosen without each bound; also without all, where several exclude the same cell."""

    def without(omitted: Sequence[Bound]) -> Measurement:
        left = [b for b in bounds if b not in omitted]
        return rule.choose([m for m in cells if not bounding.missed(m, left)], prefer, metrics).cell

    costs = [reasons.cost(bound, cells, without([bound]), chosen, prefer) for bound in bounds]
    free = without(bounds)
    if free is not chosen and all(without([bound]) is chosen for bound in bounds):
        costs.append(reasons.together(free, chosen, prefer))
    return tuple(costs)


def _nearest(
    cells: Sequence[Measurement], bounds: Sequence[Bound], metrics: Sequence[Metric]
) -> tuple[tuple[Measurement, str], ...]:
    """The cells that miss the fewest bounds, by the smallest sum of shares; one cell for each set of missed bounds.

    A bound on an unknown value counts as missed by more than any known miss.
    """
    missed = {m.cell.id: bounding.missed(m, bounds) for m in cells}

    def distance(m: Measurement) -> tuple[int, int, float, str]:
        misses = [bound.miss(m) for bound in missed[m.cell.id]]
        known = [miss for miss in misses if miss < math.inf]
        return len(misses), len(misses) - len(known), sum(known), m.cell.id

    found: dict[tuple[str, ...], Measurement] = {}
    for m in sorted(cells, key=distance):
        found.setdefault(tuple(bound.text for bound in missed[m.cell.id]), m)
    return tuple(
        (m, "; ".join([reasons.listed(m, metrics), *(bound.miss_text(m) for bound in missed[m.cell.id])]))
        for m in list(found.values())[:NEAREST]
    )  # fmt: skip


def _nothing(
    target: str, host: str, why: str, excluded: Mapping[str, int], nearest: tuple[tuple[Measurement, str], ...]
) -> Recommendation:
    return Recommendation(target, host, None, why, (), (), excluded, nearest, "", "", "")
