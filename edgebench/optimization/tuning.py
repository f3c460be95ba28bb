"""Which compressed networks are fine-tuned, and for how long: successive halving (Jamieson and Talwalkar, 2016).

Without a training every pruned network has lost its score, so a first look at the compressed ones tells their speed and
size alone. The most promising are trained for few epochs; of these the better half for three times as many, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.core.policy import Policy
from edgebench.optimization import objective
from edgebench.optimization.budget import Budget
from edgebench.optimization.space import UNCHANGED
from edgebench.pipeline.trials import Batch, Step, Trial, all_trials

FIRST_EPOCHS, TIMES, MOST_EPOCHS = 2, 3, 60
WIDTH = 4
"""Networks of the first rung, at most; each further one has half as many."""
EXPORTED = 2
"""Exporters of each trained network: the best so far."""
SOFT = 0.1
"""Share of the penalty for a lost score while a training may still recover it."""
LEAST_SHARE = 0.25
"""Of the budget, that must be left for a first fine-tuning."""


def next_rung(batches: Sequence[Batch], policy: Policy, budget: Budget, margin: float) -> Step | None:
    """The next network to train; None where there is none that could become the best, or no time."""
    tuned = [b for b in batches if b.step.stage == "tune"]
    if any(b.reason for b in tuned):
        return None
    rung, epochs = 0, FIRST_EPOCHS
    wanted = _promising(batches, policy)
    while wanted:
        done = {b.step.variants[0] for b in tuned if b.step.epochs == epochs}
        for variant in wanted:
            if variant not in done:
                return _step(variant, epochs, batches, policy) if _fits(epochs, budget, margin) else None
        rung, epochs = rung + 1, epochs * TIMES
        wanted = _survivors(tuned, epochs // TIMES, policy, max(1, WIDTH >> rung))
    return None


def _fits(epochs: int, budget: Budget, margin: float) -> bool:
    taken = budget.tuning_s(epochs)
    if taken is None:
        return budget.left_s > LEAST_SHARE * budget.seconds
    return taken * margin < budget.left_s


def _promising(batches: Sequence[Batch], policy: Policy) -> list[str]:
    """The compressed networks that would cost less than the best so far, the cheapest first."""
    seen = [t for b in batches if b.step.stage == "structures" for t in b.trials]
    best = [
        cost
        for t in objective.ranked((t for t in all_trials(batches) if t.variant == UNCHANGED), policy)[:1]
        if (cost := objective.potential(t.measurement, policy)) is not None
    ]
    costs = [(cost, t.variant) for t in seen if (cost := objective.potential(t.measurement, policy)) is not None]
    cheaper = [(cost, variant) for cost, variant in sorted(costs) if not best or cost < best[0]]
    return _spread([variant for _, variant in cheaper], WIDTH)


def _spread(names: list[str], count: int) -> list[str]:
    """So many of the names, from the first to the last."""
    if len(names) <= count:
        return names
    return [names[round(i * (len(names) - 1) / (count - 1))] for i in range(count)]


def _survivors(tuned: Sequence[Batch], epochs: int, policy: Policy, count: int) -> list[str]:
    """The best of a rung: with a lost score forgiven in part, since more epochs may recover it."""
    best: dict[str, float] = {}
    for batch in tuned:
        if batch.step.epochs == epochs:
            for trial in batch.trials:
                if (cost := objective.value(trial.measurement, policy, SOFT)) is not None:
                    best[trial.variant] = min(cost, best.get(trial.variant, cost))
    return sorted(best, key=lambda name: (best[name], name))[:count] if epochs * TIMES <= MOST_EPOCHS else []


def _step(variant: str, epochs: int, batches: Sequence[Batch], policy: Policy) -> Step:
    return Step("tune", (variant,), best_exporters(batches, policy, EXPORTED), epochs)


def best_exporters(batches: Sequence[Batch], policy: Policy, count: int) -> tuple[str, ...]:
    """The exporters, with their options, that were best on the unchanged network; those of lost scores come last."""
    found: list[tuple[float, Trial]] = []
    for trial in all_trials(batches):
        cost = objective.value(trial.measurement, policy)
        if trial.variant == UNCHANGED and cost is not None and trial.measurement.precision:
            found.append((cost, trial))
    found.sort(key=lambda one: (one[0], one[1].exporter))
    return tuple(dict.fromkeys(trial.exporter for _, trial in found))[:count]
