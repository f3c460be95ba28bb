"""Which artifact to ship to a target, by a policy: the best of those that meet the bounds.

For the measured cells of one machine and target that have a score:

1. Keep the cells that meet all bounds, that of the drop below the fp32 network always among them, and whose runtime the
   target can install.
2. Of these, take the one of the smallest cost (`edgebench.choosing.rule`).

So a recommended cell meets every bound and has lost no more than the policy allows; none that does has a smaller cost;
removing a cell that was not chosen, the order of the rows and the units change nothing. On an emulated target the
latency says nothing: it is neither bounded nor counted, and the answer names the commands that measure it. A
recommended cell may be off the Pareto front, which knows no further bound. The answer then says which cell dominates
it, and which bound that one misses (`edgebench.choosing.dominated`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgebench.choosing import devices, dominated, policies, reasons, rule, shipping, untrained
from edgebench.choosing import limits as bounding
from edgebench.choosing.limits import Bound
from edgebench.choosing.limits import Limits as Limits
from edgebench.choosing.values import Metric, compared, value_of
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement, Run, by_machine
from edgebench.core.policy import Policy

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
    policy: Policy = field(default_factory=Policy)
    """What decided."""
    policy_text: str = ""
    """The policy in words."""
    measure_there: tuple[str, ...] = ()
    """For an emulated target, the commands that measure the latency on the device."""
    untrained: bool = False
    """Whether all cells are untrained; `nearest` then has those that meet the bounds on latency, size and memory."""

    def __repr__(self) -> str:
        what = f"ship {reasons.title(self.chosen)}, {self.file}" if self.chosen else "ship nothing"
        return f"<{self.target}: {what}. {self.why}>"

    @property
    def beaten_by(self) -> Measurement | None:
        """`dominated_by` by the name of earlier versions, for scripts."""
        return self.dominated_by


def recommend(run: Run, policy: Policy | None = None, target: str = "") -> list[Recommendation]:
    """One recommendation for each machine and target of a run, or only for `target`.

    `policy` is None for that of the run's plan. A target without a measured cell has a recommendation without a cell.
    Raises PlanError for an unknown target or a bound that fits no value, RunError for a damaged policy in the plan.
    """
    asked = policies.of_run(run) if policy is None else policy
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
        found += [_Question(run, asked, name, host, cells).answer() for host, cells in groups]
        if not groups:
            rows = [m for m in run.measurements if m.cell.target == name]
            if random := [m for m in rows if untrained.is_untrained(m)]:
                found += _of_untrained(run, name, random, asked)
                continue
            host = min(m.host for m in rows)
            found.append(
                Recommendation(name, host, None, _unmeasured(name, rows), (), (), {}, (), "", "", "", policy=asked)
            )
    return found


def _of_untrained(run: Run, target: str, cells: Sequence[Measurement], policy: Policy) -> list[Recommendation]:
    """For each machine what is known of its untrained cells; none is chosen."""
    found = []
    for host in sorted({m.host for m in cells}):
        why, excluded, fit = untrained.known([m for m in cells if m.host == host], policy)
        there = devices.measure_there(run, target) if any(m.emulated for m in cells) else ()
        found.append(
            Recommendation(
                target, host, None, why, (), (), excluded, fit, "", "", "", policy=policy, measure_there=there,
                untrained=True,
            )
        )  # fmt: skip
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


@dataclass(frozen=True)
class _Question:
    """What to ship to one target, of these cells of one machine."""

    run: Run
    policy: Policy
    target: str
    host: str
    cells: Sequence[Measurement]

    def answer(self) -> Recommendation:
        emulated = any(m.emulated for m in self.cells)
        scores = next(m.scores for m in self.cells if m.scores)
        bounds = bounding.bounds(self.policy, emulated, scores.primary.metric)
        blocked = devices.blocked(self.cells, self.run)
        cells = [m for m in self.cells if m.cell.id not in blocked]
        excluded = {bound.text: sum(not bound.met(m) for m in cells) for bound in bounds}
        fit = [m for m in cells if not bounding.missed(m, bounds)]
        first = [reasons.emulation(self.policy)] if emulated else []
        left_out = devices.text(blocked, self.target)
        there = devices.measure_there(self.run, self.target) if emulated else ()
        words = policies.text(self.policy, self.cells)
        if not fit:
            why = [
                *first,
                *([reasons.none_fits(bounds, cells)] if cells else ["No artifact can run there."]),
                *left_out,
            ]
            nearest = _nearest(cells, bounds, compared(emulated))
            return Recommendation(
                self.target, self.host, None, " ".join(why), (), (), excluded, nearest, "", "", "", None, None,
                self.policy, words, there,
            )  # fmt: skip
        choice = rule.choose(fit, self.policy)
        rivals = [(m, reasons.against(m, choice.cell, self.policy)) for m in choice.order[1 : 1 + NEXT]]
        above = None if emulated else dominated.explain(choice.cell, cells, bounds, self.policy)
        why = [
            *first, reasons.reason(choice, self.policy, len(cells)), reasons.given_up(choice, self.policy),
            *([above[1]] if above else []), *reasons.cautions(choice.cell, cells, bounds, self.policy), *left_out,
        ]  # fmt: skip
        shipped = shipping.locate(choice.cell, self.run)
        return Recommendation(
            self.target, self.host, choice.cell, " ".join(filter(None, why)), tuple(rivals),
            self._costs(choice.cell, cells, bounds), excluded, (), shipped.file, shipped.sha256, shipped.snippet,
            shipped.path, above[0] if above else None, self.policy, words, there,
        )  # fmt: skip

    def _costs(self, chosen: Measurement, cells: Sequence[Measurement], bounds: Sequence[Bound]) -> tuple[str, ...]:
        """What would be chosen without each bound; also without all, where several exclude the same cell."""

        def without(omitted: Sequence[Bound]) -> Measurement:
            left = [b for b in bounds if b not in omitted]
            return rule.choose([m for m in cells if not bounding.missed(m, left)], self.policy).cell

        costs = [reasons.cost(bound, cells, without([bound]), chosen, self.policy) for bound in bounds]
        free = without(bounds)
        if free is not chosen and all(without([bound]) is chosen for bound in bounds):
            costs.append(reasons.together(free, chosen, self.policy))
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
