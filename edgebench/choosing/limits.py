"""The bounds that an artifact has to meet, and the metric that is preferred."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Real
from typing import Literal

from edgebench.choosing.pareto import MEMORY_NOISE, METRICS, value_of
from edgebench.choosing.pareto import Metric as Name
from edgebench.core import units
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
from edgebench.core.metrics import Metric
from edgebench.core.results import Score


@dataclass(frozen=True)
class Limits:
    """Bounds in base units, None for none. They hold for point estimates; a value equal to its bound meets it."""

    max_latency_s: float | None = None
    """Of the median of single records."""
    max_size_bytes: float | None = None
    """Of the one file that is deployed."""
    max_memory_bytes: float | None = None
    """Of the peak of resident memory of a process of its own."""
    min_score: float | None = None
    """The worst allowed value of the task's primary metric, in its unit: the largest one where lower is better."""
    max_drop: float | None = None
    """How much worse the primary metric may be than the uncompressed fp32 model's on the same records, in its unit."""
    prefer: Literal["latency", "size", "memory", "score"] = "latency"
    """The metric that is to be best among the cells that meet the bounds."""

    def __post_init__(self) -> None:
        """Raise PlanError for an unknown metric and for a bound out of range."""
        if self.prefer not in METRICS:
            raise PlanError(f"prefer '{self.prefer}': unknown; there is {', '.join(METRICS)}")
        for name in ("max_latency_s", "max_size_bytes", "max_memory_bytes", "min_score", "max_drop"):
            bound = getattr(self, name)
            if bound is None:
                continue
            value = _number(bound)
            right, must = {
                "min_score": (math.isfinite(value), "a finite number"),
                "max_drop": (0 <= value < math.inf, "a number, 0 or more and finite"),
            }.get(name, (0 < value < math.inf, "a number, more than 0 and finite"))
            if not right:
                option = name.removesuffix("_s").removesuffix("_bytes").replace("_", "-")
                shown = f"{value:g}" if isinstance(bound, Real) else f"{bound!r:.40}"
                raise PlanError(f"{option} {shown}: must be {must}")

    def check(self, metric: Metric) -> None:
        """Raise PlanError for a bound that no value of the task's primary metric could miss or meet."""
        low, high = metric.low, metric.high
        if (value := self.min_score) is not None and not (
            (low is None or value >= low) and (high is None or value <= high)
        ):
            raise PlanError(f"min-score {value:g}: {metric.label} is {_range(low, high)}")
        if (drop := self.max_drop) is not None and (most := metric.largest_drop) is not None and drop > most:
            raise PlanError(f"max-drop {drop:g}: {metric.label} is {_range(low, high)}")


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"a number from {low:g} to {high:g}"


def _number(bound: object) -> float:
    """A bound as a float: not-a-number for another type, infinite for integers too large for a float."""
    try:
        return float(bound) if isinstance(bound, Real) else math.nan
    except OverflowError:
        return math.inf


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

    def met(self, m: Measurement) -> bool:
        """Whether the point estimate meets the bound; an unknown value does not."""
        value = self.value(m)
        return value is not None and value <= self.at_most

    def barely_met(self, m: Measurement) -> bool:
        """Whether the point estimate meets the bound, and the worse end of its interval does not."""
        worst = self.worst(m)
        return self.met(m) and worst is not None and worst > self.at_most

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


def bounds(limits: Limits, emulated: bool, metric: Metric) -> list[Bound]:
    """The bounds of these limits; on an emulated target none on latency, which says nothing there.

    `metric` is the task's primary one. Raises PlanError for a bound that is outside its range.
    """
    limits.check(metric)
    found: list[Bound] = []
    if (time := limits.max_latency_s) is not None and not emulated:
        found.append(_upper(f"latency at most {units.exact_duration(time)}", "latency", time, units.duration))
    if (size := limits.max_size_bytes) is not None:
        found.append(_upper(f"size at most {units.exact_size(size)}", "size", size, _three_digits))
    if (memory := limits.max_memory_bytes) is not None:
        found.append(_upper(f"memory at most {units.exact_size(memory)}", "memory", memory, _three_digits))
    unit = f" {metric.unit}" if metric.unit else ""
    if (worst := limits.min_score) is not None:
        text = f"{metric.label} at {'least' if metric.better == 'higher' else 'most'} {worst:.10g}{unit}"
        found.append(_score_bound(text, metric, -metric.goodness(worst), _badness, lambda m: abs(worst)))
    if (drop := limits.max_drop) is not None:
        text = f"{metric.label} drop at most {drop:.10g}{unit}"
        found.append(_score_bound(text, metric, drop, _drops, lambda m: abs(value_of(m, "score") or 1.0)))
    return found


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


def missed(m: Measurement, bounds: Sequence[Bound]) -> list[Bound]:
    """The bounds that a cell does not meet."""
    return [bound for bound in bounds if not bound.met(m)]


def _upper(text: str, metric: Name, at_most: float, shown: Callable[[float], str]) -> Bound:
    return Bound(
        text, metric, at_most, lambda m: value_of(m, metric), lambda m: _worst(m, metric), lambda m: at_most, shown
    )


def _score_bound(
    text: str, metric: Metric, at_most: float, of: Callable[[Score], list[float | None]],
    scale: Callable[[Measurement], float],
) -> Bound:  # fmt: skip
    """A bound on the primary metric or on its drop: `of` gives the bounded number, then its interval's ends."""

    def value(m: Measurement) -> float | None:
        return of(m.scores.primary)[0] if m.scores else None

    def worst(m: Measurement) -> float | None:
        return max((one for one in of(m.scores.primary)[1:] if one is not None), default=None) if m.scores else None

    return Bound(text, "score", at_most, value, worst, scale, partial(_shown, metric))


def _shown(metric: Metric, difference: float) -> str:
    least = 10.0 ** -(metric.decimals + 1)
    text = metric.fine(difference) if difference >= least / 2 else f"less than {least:g}"
    return f"{text} {metric.unit}".rstrip()


def _three_digits(size: float) -> str:
    return units.exact_size(float(f"{size:.3g}"))


def _worst(m: Measurement, metric: Name) -> float | None:
    value = value_of(m, metric)
    if metric == "latency":
        return m.latency.p50_high_s if m.latency else None
    return value * (1 + MEMORY_NOISE) if value is not None and metric == "memory" else value
