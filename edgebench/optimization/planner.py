"""Which trials come next: a pure function of the request, the space, and the batches so far.

1. `survey`: each exporter with its defaults, on the unchanged network; the baseline first.
2. `options`: those that Optuna's TPE proposes, until no time is left.
3. `confirm`: where the trials saw only some validation records, the best see all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.core.contracts import REFERENCE
from edgebench.optimization import budget as budgets
from edgebench.optimization import objective
from edgebench.optimization.budget import Budget
from edgebench.optimization.request import Request
from edgebench.optimization.sampler import propose
from edgebench.optimization.space import UNCHANGED, Space
from edgebench.optimization.trials import Batch, Step, all_trials

TOGETHER = 4
"""Trials of a batch: they share a process that has imported torch and traced the network."""
MARGIN = 1.3
"""A batch may take so many times as long as the last ones."""


def next_step(request: Request, space: Space, batches: Sequence[Batch], records: int) -> Step | None:
    """The next batch; None where the search ends. `records` is how many validation records there are in all."""
    budget = budgets.of(request, batches, records)
    if batches and batches[-1].step.stage == "confirm":
        return None
    affordable = TOGETHER if not batches else int(budget.left_s / (MARGIN * budget.trial_s or 1e-9))
    if affordable > 0 and (step := _survey(space, batches, min(TOGETHER, affordable))):
        return step
    if affordable > 0 and (step := _options(request, space, batches, min(TOGETHER, affordable))):
        return step
    return _confirm(request, batches, budget, records)


def _survey(space: Space, batches: Sequence[Batch], count: int) -> Step | None:
    asked = {name for b in batches for name in b.step.exporters}
    left = [name for name in (REFERENCE, *space.exporters) if name not in asked]
    return Step("survey", (UNCHANGED,), tuple(left[:count])) if left else None


def _options(request: Request, space: Space, batches: Sequence[Batch], count: int) -> Step | None:
    policy = request.plan.measure.policy
    tried = [
        (t.exporter, objective.value(t.measurement, policy))
        for t in all_trials(batches)
        if t.variant == UNCHANGED and t.exporter != REFERENCE
    ]
    found = propose(space, tried, request.seed, count)
    return Step("options", (UNCHANGED,), tuple(found)) if found else None


def _confirm(request: Request, batches: Sequence[Batch], budget: Budget, records: int) -> Step | None:
    """The best trials again on all validation records; None where they have seen them all."""
    seen = max((b.records for b in batches), default=0)
    best = objective.ranked(all_trials(batches), request.plan.measure.policy)[: budget.finalists + 1]
    if not best or seen >= records:
        return None
    return Step("confirm", (), (), candidates=tuple(t.key for t in best))
