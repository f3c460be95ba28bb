"""What an imported file takes and answers, where it differs from EdgeBench's own artifacts: a part of the manifest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgebench.core.name_order import order
from edgebench.core.problems import InvalidValue, Problem

PerRecord = Literal["", "zscore", "zscore-record", "max", "max-lead"]
"""How each record is normalised by its own values: by lead or as a whole; empty for not."""
FloatType = Literal["float32", "float16", "float64", "bfloat16"]
ConstantType = Literal["float32", "float16", "float64", "int64", "int32", "bool"]
MOST_CONSTANTS, MOST_VALUES, LONGEST_NAME = 16, 100_000, 500
"""What a manifest may hold: further inputs, the values of one, and the characters of a name."""


@dataclass(frozen=True)
class Constant:
    """The value of a further input of a file, the same for all records."""

    name: str
    values: tuple[float, ...]
    shape: tuple[int, ...] = ()
    """Of one record; of the whole input where `batched` is false."""
    dtype: ConstantType = "float32"
    batched: bool = True
    """Whether the input has a row for each record."""

    def __post_init__(self) -> None:
        """Raise InvalidValue where the values do not fit the shape or the type, or are too many."""
        if not self.name or len(self.name) > LONGEST_NAME:
            raise InvalidValue(Problem("name", f"must have 1 to {LONGEST_NAME} characters"))
        if len(self.values) > MOST_VALUES:
            raise InvalidValue(Problem("values", f"{len(self.values)} values; {MOST_VALUES} at most"))
        if any(size < 1 for size in self.shape) or math.prod(self.shape) != len(self.values):
            raise InvalidValue(
                Problem("", f"{len(self.values)} values do not fill the shape {shown_shape(self.shape)}")
            )
        limits = {"int64": 2.0**53, "int32": 2.0**31 - 1, "bool": 1.0}  # beyond 2^53 a float names several integers
        for number, value in enumerate(self.values if self.dtype in limits else ()):
            if value != int(value) or abs(value) > limits[self.dtype] or (self.dtype == "bool" and value < 0):
                raise InvalidValue(Problem(f"values.{number}", f"must be a value of {self.dtype}", value))


@dataclass(frozen=True)
class IOAdapter:
    """The input and the output of an imported file; each prediction converts to and from them."""

    layout: Literal["leads-first", "samples-first"] = "leads-first"
    """(batch, leads, samples) or (batch, samples, leads)."""
    mean: tuple[float, ...] = ()
    """Mean of each lead in mV, for a file that takes standardised signals; empty for a file that takes mV."""
    std: tuple[float, ...] = ()
    single: bool = False
    """Whether it takes one record at a time only."""
    output: Literal["logits", "probabilities"] = "logits"
    leads: tuple[str, ...] = ()
    """The leads that it takes, in its order; empty for those of the artifact's input."""
    per_record: PerRecord = ""
    dtype: FloatType = "float32"
    """Type of the signals that it takes."""
    signal: str = ""
    """Name of the input that takes the signals; empty for the first."""
    answer: str | int | None = None
    """Name or position of the output that is scored; None for the only one."""
    constants: tuple[Constant, ...] = ()
    """The further inputs."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for parts that do not belong together, or are too many."""
        names = [*self.leads, self.signal, *([self.answer] if isinstance(self.answer, str) else [])]
        if any(len(name) > LONGEST_NAME for name in names):
            raise InvalidValue(Problem("", f"a name of more than {LONGEST_NAME} characters"))
        if isinstance(self.answer, int) and self.answer < 0:
            raise InvalidValue(Problem("answer", "must be at least 0", self.answer))
        if len(self.mean) != len(self.std):
            raise InvalidValue(Problem("", f"{len(self.mean)} values of mean for {len(self.std)} of std"))
        if self.leads and self.mean and len(self.mean) != len(self.leads):
            raise InvalidValue(Problem("", f"{len(self.mean)} values of mean for {len(self.leads)} leads"))
        if self.mean and self.per_record:
            raise InvalidValue(Problem("", "mean and std are for unit = 'standardised', without per_record"))
        if len(self.constants) > MOST_CONSTANTS:
            raise InvalidValue(Problem("constants", f"{len(self.constants)} inputs; {MOST_CONSTANTS} at most"))

    def __str__(self) -> str:
        """What differs from an artifact of EdgeBench's own, in words; empty where nothing does."""
        further = ", ".join(f"{c.name} {shown_shape(c.shape)}" for c in self.constants)
        parts = {
            "takes the leads": ", ".join(self.leads),
            "samples before leads": self.layout == "samples-first",
            "standardised signals": bool(self.mean),
            "each record normalised by": self.per_record,
            "type": "" if self.dtype == "float32" else self.dtype,
            "one record at a time": self.single,
            "signals go to": self.signal,
            "constants for": further,
            "scored is output": "" if self.answer is None else str(self.answer),
            "answers probabilities": self.output == "probabilities",
        }
        return " · ".join(k if v is True else f"{k} {v}" for k, v in parts.items() if v)

    def rows(self, leads: Sequence[str]) -> tuple[int, ...]:
        """The positions among an input's `leads` of those that the file takes; empty where they are just these.

        Raises InvalidValue where the input does not have them.
        """
        if not self.leads:
            return ()
        found = order(leads, self.leads)
        if found is None or len(set(found)) != len(found):
            words = f"takes the leads {', '.join(self.leads)}; there are {', '.join(leads)}"
            raise InvalidValue(Problem("leads", words))
        return () if found == tuple(range(len(leads))) else found


def shown_shape(shape: Sequence[object]) -> str:
    """A shape as Python writes a tuple, with `batch` for a free first dimension named so."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
