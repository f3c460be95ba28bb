"""What a device and its user can bear: the bounds on an artifact, and which figure is preferred."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

from edgebench.choosing.pareto import FIGURES, MEMORY_NOISE, Figure, value_of
from edgebench.core import units
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement


@dataclass(frozen=True)
class Limits:
    """Bounds, each in base units and None for none; they hold for the point estimates, and equality is within."""

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
    """The figure that is to be best among what meets the bounds."""

    def __post_init__(self) -> None:
        """Raise PlanError for a bound that is no bound."""
        if self.prefer not in FIGURES:
            raise PlanError(f"prefer '{self.prefer}': unknown; there is {', '.join(FIGURES)}")
        for name in ("max_latency_s", "max_size_bytes", "max_memory_bytes", "min_f1", "max_f1_drop"):
            given = getattr(self, name)
            if given is None:
                continue
            value, share = _number(given), "f1" in name
            if not (0 <= value <= 1 if share else 0 < value < math.inf):
                option = name.removesuffix("_s").removesuffix("_bytes").replace("_", "-")
                told = f"{value:g}" if isinstance(given, Real) else f"{given!r:.40}"
                must = "a number from 0 to 1" if share else "a number, more than 0 and finite"
                raise PlanError(f"{option} {told}: must be {must}")


def _number(given: object) -> float:
    """A bound as a float: not-a-number for what is no number, infinite for whole numbers beyond all floats."""
    try:
        return float(given) if isinstance(given, Real) else math.nan
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class Bound:
    """One bound on one figure."""

    text: str
    """Such as `latency at most 20 ms`."""
    figure: Figure
    at_most: float
    """Of what `value` gives; what has to be large is negative there."""
    value: Callable[[Measurement], float | None]
    worst: Callable[[Measurement], float | None]
    """The value at the bad end of its interval."""
    scale: Callable[[Measurement], float]
    """What a miss is a share of."""
    shown: Callable[[float], str]
    """A difference of values as people read it."""

    def met(self, m: Measurement) -> bool:
        """Whether the point estimate is within; what is not known is not."""
        value = self.value(m)
        return value is not None and value <= self.at_most

    def narrow(self, m: Measurement) -> bool:
        """Whether a cell that meets it would not at the bad end of its interval."""
        worst = self.worst(m)
        return self.met(m) and worst is not None and worst > self.at_most

    def miss(self, m: Measurement) -> float:
        """How far a cell is outside, as a share: 0 where it meets the bound, infinite where its figure is not known."""
        value = self.value(m)
        return math.inf if value is None else max(0.0, (value - self.at_most) / (self.scale(m) or 1.0))

    def told(self, m: Measurement) -> str:
        """By how much a cell misses it, for people."""
        value = self.value(m)
        if value is None:
            return f"whether it meets {self.text} is not known"
        far = self.miss(m)
        share = "" if self.figure == "f1" else f" ({far:.1%})" if far < 10 else f" ({far + 1:.0f} times as much)"
        return f"misses {self.text} by {self.shown(value - self.at_most)}{share}"


def bounds(limits: Limits, emulated: bool) -> list[Bound]:
    """The bounds that are given; where a target is emulated there is none on its latency, which says nothing."""
    found: list[Bound] = []
    if (time := limits.max_latency_s) is not None and not emulated:
        found.append(_upper(f"latency at most {units.exact_duration(time)}", "latency", time, units.duration))
    if (size := limits.max_size_bytes) is not None:
        found.append(_upper(f"size at most {units.exact_size(size)}", "size", size, _three_digits))
    if (memory := limits.max_memory_bytes) is not None:
        found.append(_upper(f"memory at most {units.exact_size(memory)}", "memory", memory, _three_digits))
    if (least := limits.min_f1) is not None:
        found.append(_lower(f"macro-F1 at least {least:.10g}", -least, "macro_f1", "macro_f1_low", lambda m: least))
    if (drop := limits.max_f1_drop) is not None:
        found.append(
            _lower(
                f"macro-F1 drop at most {drop:.10g}", drop, "delta_macro_f1", "delta_low", lambda m: m.macro_f1 or 1.0
            )
        )
    return found


def missed(m: Measurement, given: Sequence[Bound]) -> list[Bound]:
    """The bounds that a cell does not meet."""
    return [bound for bound in given if not bound.met(m)]


def _upper(text: str, figure: Figure, at_most: float, shown: Callable[[float], str]) -> Bound:
    return Bound(
        text, figure, at_most, lambda m: value_of(m, figure), lambda m: _worst(m, figure), lambda m: at_most, shown
    )


def _lower(text: str, at_most: float, name: str, low: str, scale: Callable[[Measurement], float]) -> Bound:
    """A bound on what has to be large: `name` and `low` are fields of a measurement."""

    def minus(field: str) -> Callable[[Measurement], float | None]:
        return lambda m: None if (value := getattr(m, field)) is None else -value

    return Bound(text, "f1", at_most, minus(name), minus(low), scale, _four_decimals)


def _four_decimals(score: float) -> str:
    return f"{score:.4f}" if score >= 5e-5 else "less than 0.0001"


def _three_digits(size: float) -> str:
    return units.exact_size(float(f"{size:.3g}"))


def _worst(m: Measurement, figure: Figure) -> float | None:
    value = value_of(m, figure)
    if figure == "latency":
        return m.latency_p50_high_s
    return value * (1 + MEMORY_NOISE) if value is not None and figure == "memory" else value
