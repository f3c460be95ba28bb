"""What an imported file takes and answers, where it differs from EdgeBench's own artifacts: a part of the manifest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgebench.core.inputs import InputSpec
from edgebench.core.name_order import order
from edgebench.core.problems import InvalidValue, Problem

PerRecord = Literal["", "zscore", "zscore-record", "max", "max-channel"]
"""How each record is normalised by its own values: by position along the channel axis or as a whole;
empty for not."""
OutputKind = Literal["logits", "probabilities", "softmax"]
"""What the output is: `probabilities` are of classes each for itself, `softmax` those of one choice, with the sum 1;
a regression's values are `logits`, which nothing converts."""
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
class FurtherInput:
    """A further input of a file, which a further input of the records fills."""

    name: str
    """The file's name for it."""
    dtype: ConstantType = "float32"


@dataclass(frozen=True)
class IOAdapter:
    """The input and the output of an imported file; each prediction converts to and from them."""

    axes: tuple[str, ...] = ()
    """The axes in the file's order; empty for the order of the artifact's input."""
    mean: tuple[float, ...] = ()
    """What is subtracted, for each position along the channel axis, in the input's unit; empty for nothing."""
    std: tuple[float, ...] = ()
    """What it is then divided by."""
    single: bool = False
    """Whether it takes one record at a time only."""
    output: OutputKind = "logits"
    positions: tuple[str, ...] = ()
    """The positions along the channel axis that it takes, in its order; empty for all of the input."""
    per_record: PerRecord = ""
    dtype: FloatType = "float32"
    """Type of the values that it takes."""
    signal: str = ""
    """Name of the input that takes the records; empty for the first."""
    answer: str | int | None = None
    """Name or position of the output that is scored; None for the only one."""
    constants: tuple[Constant, ...] = ()
    """Further inputs with the same value for all records."""
    further: tuple[FurtherInput, ...] = ()
    """Further inputs of the records, in the order of the artifact's."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for parts that do not belong together, or are too many."""
        names = [
            *self.positions,
            self.signal,
            *(one.name for one in self.further),
            *([self.answer] if isinstance(self.answer, str) else []),
        ]
        if any(len(name) > LONGEST_NAME for name in names):
            raise InvalidValue(Problem("", f"a name of more than {LONGEST_NAME} characters"))
        if isinstance(self.answer, int) and self.answer < 0:
            raise InvalidValue(Problem("answer", "must be at least 0", self.answer))
        if len(self.mean) != len(self.std):
            raise InvalidValue(Problem("", f"{len(self.mean)} values of mean for {len(self.std)} of std"))
        if self.positions and self.mean and len(self.mean) != len(self.positions):
            raise InvalidValue(Problem("", f"{len(self.mean)} values of mean for {len(self.positions)} positions"))
        if self.mean and self.per_record:
            raise InvalidValue(Problem("", "mean and std exclude per_record"))
        if len(self.constants) + len(self.further) > MOST_CONSTANTS:
            words = f"{len(self.constants) + len(self.further)} further inputs; {MOST_CONSTANTS} at most"
            raise InvalidValue(Problem("constants", words))

    def __str__(self) -> str:
        """What differs from an artifact of EdgeBench's own, in words; empty where nothing does."""
        further = ", ".join(f"{c.name} {shown_shape(c.shape)}" for c in self.constants)
        parts = {
            "takes": ", ".join(self.positions),
            "axes in the order": ", ".join(self.axes),
            "standardised": bool(self.mean),
            "each record normalised by": self.per_record,
            "type": "" if self.dtype == "float32" else self.dtype,
            "one record at a time": self.single,
            "records go to": self.signal,
            "further inputs": ", ".join(one.name for one in self.further),
            "constants for": further,
            "scored is output": "" if self.answer is None else str(self.answer),
            "answers probabilities": self.output != "logits",
        }
        return " · ".join(k if v is True else f"{k} {v}" for k, v in parts.items() if v)

    def rows(self, spec: InputSpec) -> tuple[int, ...]:
        """The places along the channel axis of an input that the file takes; empty where it takes all in their order.

        Raises InvalidValue where the input does not have them.
        """
        if not self.positions:
            return ()
        there, axis = spec.positions, spec.axes[spec.channel_axis]
        found = order(there, self.positions)
        if found is None or len(set(found)) != len(found):
            has = f"there are {', '.join(there)}" if there else "the records name none"
            raise InvalidValue(Problem(f"{axis}s", f"takes the {axis}s {', '.join(self.positions)}; {has}"))
        return () if found == tuple(range(len(there))) else found

    def turned(self, spec: InputSpec) -> tuple[int, ...]:
        """The axes of an input in the file's order, by their places; empty where that is the input's own order.

        Raises InvalidValue where these are not the axes of the input.
        """
        if not self.axes or self.axes == spec.axes:
            return ()
        if sorted(self.axes) != sorted(spec.axes):
            words = f"takes the axes {', '.join(self.axes)}; the records have {', '.join(spec.axes)}"
            raise InvalidValue(Problem("axes", words))
        return tuple(spec.axes.index(axis) for axis in self.axes)

    def shape(self, spec: InputSpec) -> tuple[int, ...]:
        """The shape of a record as the file takes it; raises InvalidValue."""
        sizes = list(spec.shape)
        sizes[spec.channel_axis] = len(self.rows(spec)) or sizes[spec.channel_axis]
        return tuple(sizes[place] for place in self.turned(spec) or range(len(sizes)))


def shown_shape(shape: Sequence[object]) -> str:
    """A shape as Python writes a tuple, with `batch` for a free first dimension named so."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
