"""The bounds that an artifact has to meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from edgebench.choosing.values import Metric as Name
from edgebench.choosing.values import value_of
from edgebench.core import units
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
from edgebench.core.metrics import Metric
from edgebench.core.policy import Policy
from edgebench.core.results import Score

Limits = Policy
"""The policy by the name of earlier versions, for scripts."""


def check(policy: Policy, metric: Metric) -> None:
    """Raise PlanError for a bound that no value of the task's primary metric could miss or meet."""
    low, high = metric.low, metric.high
    if (value := policy.min_score) is not None and not (
        (low is None or value >= low) and (high is None or value <= high)
    ):
        raise PlanError(f"min-score {value:g}: {metric.label} is {_range(low, high)}")
    if (drop := policy.max_drop) is not None and (most := metric.largest_drop) is not None and drop > most:
        raise PlanError(f"max-drop {drop:g}: {metric.label} is {_range(low, high)}")


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"a number from {low:g} to {high:g}"


@dataclass(frozen=True)
class Bound:
    """One bound on one metric."""

    text: str
    """Such as `latency at most 20 ms`."""
    metric: Name
    at_most: float
    """The largest allowed result of `value`, which is negated for metrics that have to be large."""
    value: Callable[[Measurement], float | None]
    worst: Callable[[Measurement], float | None]
    """The value at the worse end of its interval."""
    scale: Callable[[Measurement], float]
    """The number that a miss is divided by to make it a share."""
    shown: Callable[[float], str]
    """Format a difference of values."""
    unknown_meets: bool = False
    """Whether a cell meets it whose value is not known."""

    def met(self, m: Measurement) -> bool:
        """Whether the point estimate meets the bound; an unknown value does not, unless `unknown_meets`."""
        value = self.value(m)
        if value is None:
            return self.unknown_meets
        # A difference of two scores has rounding in its last digits: 0.69 - 0.7 is not -0.01.
        return value <= self.at_most or math.isclose(value, self.at_most)

    def barely_met(self, m: Measurement) -> bool:
        """Whether the point estimate meets the bound, and the worse end of its interval does not."""
        worst = self.worst(m)
        return self.met(m) and self.value(m) is not None and worst is not None and worst > self.at_most

    def miss(self, m: Measurement) -> float:
        """How far a cell misses the bound, as a share: 0 where it meets it, infinite where the value is not known."""
        value = self.value(m)
        return math.inf if value is None else max(0.0, (value - self.at_most) / (self.scale(m) or 1.0))

    def miss_text(self, m: Measurement) -> str:
        """By how much a cell misses the bound, in words."""
        value = self.value(m)
        if value is None:
            return f"whether it meets {self.text} is not known"
        far = self.miss(m)
        share = "" if self.metric == "score" else f" ({far:.1%})" if far < 10 else f" ({far + 1:.0f} times as much)"
        return f"misses {self.text} by {self.shown(value - self.at_most)}{share}"


def bounds(policy: Policy, emulated: bool, metric: Metric) -> list[Bound]:
    """The bounds of a policy; on an emulated target none on latency, which says nothing there.

    `metric` is the task's primary one. Raises PlanError for a bound that is outside its range.
    """
    check(policy, metric)
    found = of_resources(policy, emulated)
    unit = f" {metric.unit}" if metric.unit else ""
    if (worst := policy.min_score) is not None:
        text = f"{metric.label} at {'least' if metric.better == 'higher' else 'most'} {worst:.10g}{unit}"
        found.append(_score_bound(text, metric, -metric.goodness(worst), _badness, lambda m: abs(worst)))
    return [*found, drop(policy, metric)]


def of_resources(policy: Policy, emulated: bool) -> list[Bound]:
    """The bounds on latency, size and memory, which need no score; on an emulated target none on latency."""
    found: list[Bound] = []
    if (time := policy.max_latency_s) is not None and not emulated:
        text = f"latency at most {units.exact_duration(time)}"
        found.append(
            _upper(text, "latency", time, units.duration, lambda m: m.latency.p50_high_s if m.latency else None)
        )
    if (size := policy.max_size_bytes) is not None:
        text = f"size at most {units.exact_size(size)}"
        found.append(_upper(text, "size", size, _three_digits, lambda m: value_of(m, "size")))
    if (memory := policy.max_memory_bytes) is not None:
        text = f"memory at most {units.exact_size(memory)}"
        wider = 1 + policy.tolerances.memory
        found.append(_upper(text, "memory", memory, _three_digits, lambda m: (value_of(m, "memory") or 0) * wider))
    return found


def drop(policy: Policy, metric: Metric) -> Bound:
    """The bound on the drop below the fp32 network: the policy's, or the metric's usual one.

    A cell without a known drop misses the bound that somebody set, and meets the usual one: the rule takes it only
    where no other one fits, and the answer says that nobody knows what it lost.
    """
    unit = f" {metric.unit}" if metric.unit else ""

    def scale(m: Measurement) -> float:
        return abs(value_of(m, "score") or 1.0)

    if policy.max_drop is not None:
        text = f"{metric.label} {metric.fall} at most {policy.max_drop:.10g}{unit}"
        return _score_bound(text, metric, policy.max_drop, _drops, scale)
    if metric.has_usual_drop:
        at_most = metric.usual_drop(1.0)
        text = f"{metric.label} {metric.fall} at most {at_most:.10g}{unit} (default)"
        return _score_bound(text, metric, at_most, _drops, scale, unknown_meets=True)
    text = f"{metric.label} {metric.fall} at most {metric.usual_share:.0%} of fp32's (default)"
    found = _score_bound(text, metric, metric.usual_share, _shares, lambda m: 1.0, unknown_meets=True)
    return replace(found, shown=lambda share: f"{share:.2%}")


def lost(m: Measurement, policy: Policy) -> bool:
    """Whether a cell is known to have lost more than the allowed drop."""
    if m.status != "ok" or m.scores is None or m.scores.primary.drop is None:
        return False
    return not drop(policy, m.scores.primary.metric).met(m)


def _badness(score: Score) -> list[float | None]:
    """The negated goodness of the value, and of the ends of its interval."""
    return [None if one is None else -score.metric.goodness(one) for one in (score.value, score.low, score.high)]


def _drops(score: Score) -> list[float | None]:
    """The drop below the fp32 model, and its value at the ends of the interval of the difference."""
    if score.delta is None:
        return [None]
    ends = (score.delta, score.delta_low, score.delta_high)
    other = score.value - score.delta
    return [None if one is None else score.metric.drop(other + one, one) for one in ends]


def _shares(score: Score) -> list[float | None]:
    """Each of `_drops` as a share of the fp32 network's value."""
    fp32 = abs(score.value - (score.delta or 0.0))
    without = [None if one is None else math.inf if one > 0 else 0.0 for one in _drops(score)]
    return [None if one is None else one / fp32 for one in _drops(score)] if fp32 else without


def missed(m: Measurement, bounds: Sequence[Bound]) -> list[Bound]:
    """The bounds that a cell does not meet."""
    return [bound for bound in bounds if not bound.met(m)]


def _upper(
    text: str, metric: Name, at_most: float, shown: Callable[[float], str],
    worst: Callable[[Measurement], float | None],
) -> Bound:  # fmt: skip
    return Bound(text, metric, at_most, lambda m: value_of(m, metric), worst, lambda m: at_most, shown)


def _score_bound(
    text: str, metric: Metric, at_most: float, of: Callable[[Score], list[float | None]],
    scale: Callable[[Measurement], float], unknown_meets: bool = False,
) -> Bound:  # fmt: skip
    """A bound on the primary metric or on its drop: `of` gives the bounded number, then its interval's ends."""

    def value(m: Measurement) -> float | None:
        return of(m.scores.primary)[0] if m.scores else None

    def worst(m: Measurement) -> float | None:
        return max((one for one in of(m.scores.primary)[1:] if one is not None), default=None) if m.scores else None

    return Bound(text, "score", at_most, value, worst, scale, partial(_shown, metric), unknown_meets)


def _shown(metric: Metric, difference: float) -> str:
    least = 10.0 ** -(metric.decimals + 1)
    text = metric.fine(difference) if difference >= least / 2 else f"less than {least:g}"
    return f"{text} {metric.unit}".rstrip()


def _three_digits(size: float) -> str:
    return units.exact_size(float(f"{size:.3g}"))
