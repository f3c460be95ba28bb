"""Which trials come next: a pure function of the request, the space, and the batches so far.

1. `survey`: the network itself, and each exporter with its defaults on it; the baseline first.
2. `structures`: the compressed networks by the best exporter, for their speed and size; their scores come later.
3. `options`: those of the exporters that Optuna's TPE proposes, for a share of the time.
4. `tune`: compressed networks are fine-tuned (`tuning`).
5. `options` again, now of the best network, until no time is left.
6. `confirm`: where the trials saw only some validation records, the best see all of them.

Without training records, or with `--no-fine-tune`, there is no 2 and no 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from edgebench.choosing import rule
from edgebench.core.contracts import REFERENCE
from edgebench.optimization import budget as budgets
from edgebench.optimization import objective, tuning
from edgebench.optimization.budget import Budget
from edgebench.optimization.request import Request
from edgebench.optimization.sampler import propose
from edgebench.optimization.space import UNCHANGED, Space
from edgebench.pipeline.trials import Batch, Step, Trial, all_trials

TOGETHER = 4
"""Trials of a batch: they share a process that has imported torch and traced the network."""
MARGIN = 1.3
"""A batch may take so many times as long as the last ones."""
COMPRESSED = 2.0
"""A trial with a compression takes about so many times as long as one without."""
OPTIONS_SHARE = 0.3
"""Of the time for trials, which the options of the unchanged network may take before networks are trained."""


def next_step(request: Request, space: Space, batches: Sequence[Batch], records: int) -> Step | None:
    """The next batch; None where the search ends. `records` is how many validation records there are in all."""
    budget, policy = budgets.of(request, batches, records), request.plan.measure.policy
    if batches and batches[-1].step.stage == "confirm":
        return None
    count = TOGETHER if not batches else int(budget.left_s / (MARGIN * budget.trial_s or 1e-9))
    if count > 0 and (step := _survey(space, batches, min(TOGETHER, count))):
        return step
    if step := _structures(request, space, batches, int(count / COMPRESSED)):
        return step
    untuned = not any(b.step.stage == "tune" for b in batches)
    early = untuned and _spent_on_options(batches) < OPTIONS_SHARE * (budget.left_s + budget.spent_s)
    if early and count > 0 and (step := _options(request, space, batches, min(TOGETHER, count))):
        return step
    if space.structures and (step := tuning.next_rung(batches, policy, budget, MARGIN)):
        return step
    if not early and count > 0 and (step := _options(request, space, batches, min(TOGETHER, count))):
        return step
    return _confirm(request, batches, budget, records)


def _survey(space: Space, batches: Sequence[Batch], count: int) -> Step | None:
    asked = {name for b in batches for name in b.step.exporters}
    left = [name for name in (REFERENCE, *space.exporters) if name not in asked]
    if batches and left:  # those of one format, so that a slow one costs no others their turn
        left = [name for name in left if space.formats.get(name) == space.formats.get(left[0])]
    return Step("survey", (UNCHANGED,), tuple(left[:count])) if left else None


def _structures(request: Request, space: Space, batches: Sequence[Batch], count: int) -> Step | None:
    """The first look at compressed networks, where there is time for at least two."""
    if count < 2 or not space.structures or any(b.step.stage == "structures" for b in batches):
        return None
    best = tuning.best_exporters(batches, request.plan.measure.policy, 1)
    return Step("structures", space.structures[:count], best) if best else None


def _spent_on_options(batches: Sequence[Batch]) -> float:
    return sum(b.seconds for b in batches if b.step.stage == "options")


def _options(request: Request, space: Space, batches: Sequence[Batch], count: int) -> Step | None:
    """Options for the best network so far."""
    policy = request.plan.measure.policy
    trials = [t for t in all_trials(batches) if t.exporter != REFERENCE]
    best = objective.ranked(trials, policy)
    variant, epochs = best[0].network if best else (UNCHANGED, 0)
    known = {t.exporter for t in trials if t.network == (variant, epochs)}
    found = propose(space, _values(trials, variant, epochs, request), request.seed, count, known)
    return Step("options", (variant,), tuple(found), epochs) if found else None


def _values(trials: Sequence[Trial], variant: str, epochs: int, request: Request) -> list[tuple[str, float | None]]:
    """The value of each exporter with its options on a network; where it was tried on the unchanged one only, shifted.

    The shift is the mean difference of those that were tried on both. A repeated name has its first value.
    """
    policy = request.plan.measure.policy
    own = {t.exporter: objective.value(t.measurement, policy) for t in trials if t.network == (variant, epochs)}
    if variant == UNCHANGED:
        return list(own.items())
    first = {t.exporter: objective.value(t.measurement, policy) for t in trials if t.variant == UNCHANGED}
    both = [(one, other) for name, one in own.items() if one is not None and (other := first.get(name)) is not None]
    shift = fmean(one - other for one, other in both) if both else 0.0
    guessed = {name: None if value is None else value + shift for name, value in first.items() if name not in own}
    return [*own.items(), *guessed.items()]


def _confirm(request: Request, batches: Sequence[Batch], budget: Budget, records: int) -> Step | None:
    """The best trials again on all validation records; None where they have seen them all.

    Those whose interval leaves open whether they meet the bounds are among them, beside the best that does.
    """
    seen = max((b.records for b in batches), default=0)
    policy, trials = request.plan.measure.policy, [t for t in all_trials(batches) if t.exporter != REFERENCE]
    open_ones = [t for t in trials if objective.hopeful(t.measurement, policy)]
    open_ones.sort(key=lambda t: (rule.cost(t.measurement, policy), t.measurement.cell.id))
    best: dict[tuple[str, str], Trial] = {}  # a run has one artifact of each name
    for trial in (*objective.ranked(trials, policy)[:1], *open_ones):
        best.setdefault((trial.variant, trial.exporter), trial)
    if not best or seen >= records:
        return None
    return Step("confirm", (), (), candidates=tuple(t.key for t in list(best.values())[: budget.finalists + 1]))
