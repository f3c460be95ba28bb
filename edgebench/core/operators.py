"""The operators of one prediction, as a runtime's own profiler saw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OperatorKind = Literal["int8", "conversion", "float"]


@dataclass(frozen=True)
class OperatorTime:
    """The calls of one operator within one layer in one prediction, as the runtime's own profiler saw them."""

    name: str
    kind: OperatorKind
    """`conversion` quantizes or dequantizes; `float` is any other operator that does not take int8."""
    calls: int
    """In one prediction."""
    seconds: float
    """Of all its calls in one prediction, on average."""
    layer: str = ""
    """The module of the network that it belongs to; empty where unknown."""


@dataclass(frozen=True)
class Operators:
    """The operators of one prediction, counted and timed by kind."""

    int8_operators: int
    float_operators: int
    conversions: int
    int8_time_share: float
    conversion_time_share: float
    slowest_operator: str = ""
    slowest_operator_share: float | None = None
    """None where the profiler saw no operator."""
