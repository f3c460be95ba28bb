"""How one artifact is chosen: bounds, weights and tolerances, in base units. Standard library only.

`edgebench.choosing` applies it, and says what its rule promises. The same record decides on the command line, in
report.html, report.json and report.md, and in the Python API. A plan holds it as `[policy]`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Literal, get_args

from edgebench.core import problems
from edgebench.core.problems import InvalidValue, Problem

Name = Literal["latency", "size", "memory", "score"]
Preference = Literal["latency", "size", "memory", "score", "balanced"]
NAMES: tuple[Name, ...] = get_args(Name)
PREFERENCES: tuple[Preference, ...] = get_args(Preference)
PREFERRED = 10.0
"""The weight of the preferred metric; each other one has 1."""
TOLERANCE = 0.05
"""Two sizes, or two peaks of memory, differ significantly from this share of the larger one on."""


def _require(name: str, value: object, least: float, must: str, above: bool = False) -> None:
    """Raise InvalidValue for what is no finite number from `least` on, or `above` it; None is allowed."""
    if value is None:
        return
    try:
        number = float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        number = math.inf
    if not (least < number if above else least <= number) or not -math.inf < number < math.inf:
        raise InvalidValue(Problem(name, f"must be a number, {must}", value))


@dataclass(frozen=True)
class Weights:
    """How much each metric counts; a metric that is not named counts once."""

    latency: float | None = None
    size: float | None = None
    memory: float | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            _require(one.name, getattr(self, one.name), 0, "0 or more and finite")
        if not any(1 if getattr(self, one.name) is None else getattr(self, one.name) for one in fields(self)):
            raise InvalidValue(Problem("latency", "must be above 0, or another weight", self.latency))


EVEN = Weights()
"""No weights of the user's own: `prefer` decides."""


@dataclass(frozen=True)
class Tolerances:
    """From which share of the larger one on two numbers differ; latency and score have their intervals instead."""

    size: float = TOLERANCE
    memory: float = TOLERANCE

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            _require(one.name, value, 0, "0 or more and below 1")
            if value >= 1:
                raise InvalidValue(Problem(one.name, "must be below 1", value))


@dataclass(frozen=True)
class Policy:
    """What is allowed and what is preferred. Bounds hold for point estimates; a value equal to its bound meets it."""

    max_latency_s: float | None = None
    """Largest median latency of single records, in seconds; empty for no bound."""
    max_size_bytes: float | None = None
    """Largest file."""
    max_memory_bytes: float | None = None
    """Largest peak of resident memory of a process of its own."""
    min_score: float | None = None
    """Worst allowed value of the task's primary metric, in its unit: the largest one where lower is better."""
    max_drop: float | None = None
    """How much worse the primary metric may be than the fp32 network's, in its unit; empty for the metric's usual
    drop: 0.01 of a metric from 0 to 1, 5 % of an error without an upper end."""
    prefer: Preference = "latency"
    """`latency`, `size`, `memory` or `score` counts ten times, the others once; with `balanced` all count once."""
    weights: Weights = field(default_factory=Weights)
    """How much each metric counts, in place of `prefer`."""
    tolerances: Tolerances = field(default_factory=Tolerances)
    """Smaller differences of size and memory are none: for ★, and for what is said to be given up."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for the first field that no policy can have."""
        if self.prefer not in PREFERENCES:
            raise InvalidValue(problems.not_among("prefer", list(PREFERENCES), self.prefer))
        if self.weights != EVEN and self.prefer not in ("latency", "balanced"):
            raise InvalidValue(Problem("weights", f"take the place of prefer ({self.prefer}); name one of the two"))
        for name in ("max_latency_s", "max_size_bytes", "max_memory_bytes"):
            _require(name, getattr(self, name), 0, "more than 0 and finite", above=True)
        _require("min_score", self.min_score, -math.inf, "finite")
        _require("max_drop", self.max_drop, 0, "0 or more and finite")

    def weight(self, metric: Name) -> float:
        """How much a metric counts."""
        if self.weights != EVEN:
            own: float | None = getattr(self.weights, metric)
            return 1.0 if own is None else own
        return PREFERRED if metric == self.prefer else 1.0

    @property
    def preferred(self) -> Preference:
        """The metric that counts most; `balanced` where several do."""
        most = max(self.weight(name) for name in NAMES)
        found = [name for name in NAMES if self.weight(name) == most]
        return found[0] if len(found) == 1 else "balanced"
