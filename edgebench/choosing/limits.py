"""The bounds that an artifact has to meet, and the metric that is preferred."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from operator import attrgetter
from typing import Literal

from edgebench.choosing.pareto import MEMORY_NOISE, METRICS, Metric, value_of
from edgebench.core import units
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
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
    min_f1: float | None = None
    """Of macro-F1, 0 to 1."""
    max_f1_drop: float | None = None
    """Of macro-F1 below the uncompressed fp32 model's on the same records, 0 to 1."""
    prefer: Literal["latency", "size", "memory", "f1"] = "latency"
    """The metric that is to be best among the cells that meet the bounds."""

    def __post_init__(self) -> None:
        """Raise PlanError for an unknown metric and for a bound out of range."""
        if self.prefer not in METRICS:
            raise PlanError(f"prefer '{self.prefer}': unknown; there is {', '.join(METRICS)}")
        for name in ("max_latency_s", "max_size_bytes", "max_memory_bytes", "min_f1", "max_f1_drop"):
            bound = getattr(self, name)
            if bound is None:
                continue
            value, share = _number(bound), "f1" in name
            if not (0 <= value <= 1 if share else 0 < value < math.inf):
                option = name.removesuffix("_s").removesuffix("_bytes").replace("_", "-")
                shown = f"{value:g}" if isinstance(bound, Real) else f"{bound!r:.40}"
                must = "a number from 0 to 1" if share else "a number, more than 0 and finite"
                raise PlanError(f"{option} {shown}: must be {must}")


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
    metric: Metric
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
        share = "" if self.metric == "f1" else f" ({far:.1%})" if far < 10 else f" ({far + 1:.0f} times as much)"
        return f"misses {self.text} by {self.shown(value - self.at_most)}{share}"


def bounds(limits: Limits, emulated: bool) -> list[Bound]:
    """The bounds of these limits; on an emulated target none on latency, which says nothing there."""
    found: list[Bound] = []
    if (time := limits.max_latency_s) is not None and not emulated:
        found.append(_upper(f"latency at most {units.exact_duration(time)}", "latency", time, units.duration))
    if (size := limits.max_size_bytes) is not None:
        found.append(_upper(f"size at most {units.exact_size(size)}", "size", size, _three_digits))
    if (memory := limits.max_memory_bytes) is not None:
        found.append(_upper(f"memory at most {units.exact_size(memory)}", "memory", memory, _three_digits))
    if (least := limits.min_f1) is not None:
        found.append(_f1_bound(f"macro-F1 at least {least:.10g}", -least, _value, _low, lambda m: least))
    if (drop := limits.max_f1_drop) is not None:
        text = f"macro-F1 drop at most {drop:.10g}"
        found.append(_f1_bound(text, drop, _delta, _delta_low, lambda m: value_of(m, "f1") or 1.0))
    return found


_value, _low, _delta, _delta_low = map(attrgetter, ("value", "low", "delta", "delta_low"))


def missed(m: Measurement, bounds: Sequence[Bound]) -> list[Bound]:
    """The bounds that a cell does not meet."""
    return [bound for bound in bounds if not bound.met(m)]


def _upper(text: str, metric: Metric, at_most: float, shown: Callable[[float], str]) -> Bound:
    return Bound(
        text, metric, at_most, lambda m: value_of(m, metric), lambda m: _worst(m, metric), lambda m: at_most, shown
    )


def _f1_bound(
    text: str, at_most: float, of: Callable[[Score], float | None], worst: Callable[[Score], float | None],
    scale: Callable[[Measurement], float],
) -> Bound:  # fmt: skip
    """A bound on macro-F1 or on its difference, which have to be large: `of` and `worst` choose the number."""

    def negated(choose: Callable[[Score], float | None]) -> Callable[[Measurement], float | None]:
        return lambda m: None if not m.scores or (value := choose(m.scores.macro_f1)) is None else -value

    return Bound(text, "f1", at_most, negated(of), negated(worst), scale, _four_decimals)


def _four_decimals(score: float) -> str:
    return f"{score:.4f}" if score >= 5e-5 else "less than 0.0001"


def _three_digits(size: float) -> str:
    return units.exact_size(float(f"{size:.3g}"))


def _worst(m: Measurement, metric: Metric) -> float | None:
    value = value_of(m, metric)
    if metric == "latency":
        return m.latency.p50_high_s if m.latency else None
    return value * (1 + MEMORY_NOISE) if value is not None and metric == "memory" else value
