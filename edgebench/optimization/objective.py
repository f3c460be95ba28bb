"""How good a trial is: the cost of the policy (`choosing.rule`), and a penalty for each bound that it misses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgebench.choosing import limits, pareto, rule
from edgebench.choosing.recommendation import eligible
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy, Weights
from edgebench.pipeline.trials import Trial

PENALTY = 1000.0
"""Cost of missing a bound by all of its value: losing one hundredth too much outweighs half the latency."""


def value(m: Measurement, policy: Policy, penalty: float = 1.0) -> float | None:
    """The number to minimise, with a share of the penalty; None where something that the rule needs is not known."""
    if not eligible(m) or m.scores is None:
        return None
    over = [bound.miss(m) for bound in limits.bounds(policy, m.emulated, m.scores.primary.metric)]
    return rule.cost(m, policy)[2] + penalty * PENALTY * sum(min(1.0, one) for one in over)


def potential(m: Measurement, policy: Policy) -> float | None:
    """The cost without the score: of a network that is fine-tuned later."""
    if not eligible(m):
        return None
    weights = Weights(policy.weight("latency"), policy.weight("size"), policy.weight("memory"), 0.0)
    return rule.cost(m, replace(policy, prefer="latency", weights=weights))[2]


def within(m: Measurement, policy: Policy) -> bool:
    """Whether a trial was measured completely and meets every bound."""
    if not eligible(m) or m.scores is None:
        return False
    return not limits.missed(m, limits.bounds(policy, m.emulated, m.scores.primary.metric))


def hopeful(m: Measurement, policy: Policy) -> bool:
    """Whether a trial meets every bound at the better end of its score's interval: more records may show it."""
    if within(m, policy) or not eligible(m) or m.scores is None:
        return within(m, policy)
    first, *others = m.scores.metrics
    ends = [end for end in (first.delta_low, first.delta_high) if end is not None]
    if first.delta is None or not ends:
        return False
    fp32 = first.value - first.delta
    best = min(ends, key=lambda end: first.metric.drop(fp32 + end, end))
    better = replace(first, value=fp32 + best, delta=best)
    return within(replace(m, scores=replace(m.scores, metrics=(better, *others))), policy)


def ranked(trials: Iterable[Trial], policy: Policy) -> list[Trial]:
    """The trials that meet all bounds, the best first; of equal artifacts only the first one."""
    found: dict[str, Trial] = {}
    for trial in trials:
        m = trial.measurement
        if within(m, policy):
            found.setdefault(m.artifact.sha256 if m.artifact else m.cell.id, trial)
    return sorted(found.values(), key=lambda t: (rule.cost(t.measurement, policy), t.measurement.cell.id))


def front(trials: Iterable[Trial], policy: Policy) -> list[Trial]:
    """The trials that meet all bounds and that none of these dominates, the best first."""
    good = ranked(trials, policy)
    undominated = pareto.undominated([t.measurement for t in good], policy) if good else []
    above = set(map(id, undominated))
    return [t for t in good if id(t.measurement) in above]
