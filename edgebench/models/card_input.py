"""The part of a card that says which input a network takes, and how it follows from that of the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import FloatType, PerRecord
from edgebench.core.problems import InvalidValue, Problem

STANDARDISED = "standardised"
Layout = Literal["leads-first", "samples-first", "channels-first", "channels-last"]
PLACES: dict[str, tuple[str, int]] = {
    "leads-first": ("lead", 0), "samples-first": ("sample", 0), "channels-first": ("channel", 0),
    "channels-last": ("channel", -1),
}  # fmt: skip
"""The axis that each layout puts first or last."""


@dataclass(frozen=True)
class CardInput:
    """The input that the network takes."""

    layout: Layout | None = None
    """Which axis comes first or last; by default as the file declares it, or as the dataset has it."""
    unit: str = ""
    """The dataset's unit, or `standardised`."""
    mean: tuple[float, ...] = ()
    """Mean of each lead or channel, or one number for all; in the dataset's unit times `scale`."""
    std: tuple[float, ...] = ()
    per_record: PerRecord = ""
    """Normalise each record by its own values."""
    dtype: FloatType | None = None
    """By default what the file declares, or float32."""
    name: str = ""
    """Name of the input, where there are further ones; by default the one that is no constant."""
    axes: tuple[str, ...] = ()
    """The dataset's axes in the network's order, where `layout` has no word for it."""
    scale: float = 1.0
    """The network takes values times this: 255 for pixels from 0 to 255, 1000 for microvolts."""

    def __post_init__(self) -> None:
        """Raise InvalidValue where mean, std and per_record do not belong to the unit."""
        for number, value in enumerate(self.std):
            if not value > 0:
                raise InvalidValue(Problem(f"std.{number}", "must be above 0", value))
        if not self.scale > 0:
            raise InvalidValue(Problem("scale", "must be above 0", self.scale))
        if self.unit not in ("", STANDARDISED) and (self.mean or self.std):
            raise InvalidValue(Problem("unit", "mean and std are for unit = 'standardised'", self.unit))
        if self.unit == STANDARDISED and not self.mean:
            raise InvalidValue(Problem("mean", "unit = 'standardised' needs mean and std, in the dataset's unit"))
        counts = len(self.mean), len(self.std)
        if counts[0] != counts[1] and (0 in counts or 1 not in counts):
            raise InvalidValue(
                Problem("std" if self.mean else "mean", f"{counts[0]} values of mean for {counts[1]} of std")
            )
        if (self.mean or self.scale != 1) and self.per_record:
            raise InvalidValue(Problem("per_record", "excludes unit, mean, std and scale: omit these"))
        if self.axes and self.layout:
            raise InvalidValue(Problem("axes", "says what layout says: omit one of them"))

    def check(self, spec: InputSpec, label: str) -> None:
        """Raise InvalidValue where the unit, or the normalisation of each record, is not for such records."""
        if self.unit not in ("", STANDARDISED, spec.unit):
            raise InvalidValue(Problem("input.unit", f"{label} has {spec.unit or 'values without a unit'}", self.unit))
        if self.per_record in ("zscore", "max-channel") and len(spec.shape) == 1:
            way = {"zscore": "zscore-record", "max-channel": "max"}[self.per_record]
            words = f"is for records with several axes; {label} has {spec}: per_record = '{way}'"
            raise InvalidValue(Problem("input.per_record", words, self.per_record))

    def order(self, spec: InputSpec, label: str) -> tuple[str, ...]:
        """The axes of the records in the network's order; empty where the card says nothing of it.

        Raises InvalidValue where they are no axes of the records.
        """
        if self.axes:
            if sorted(self.axes) != sorted(spec.axes):
                words = f"{label} has the axes {', '.join(spec.axes)}: name each once, in the network's order"
                raise InvalidValue(Problem("input.axes", words))
            return self.axes
        if not self.layout:
            return ()
        axis, place = PLACES[self.layout]
        if axis not in spec.axes:
            words = f"{label} has the axes {', '.join(spec.axes)}: give axes = [...] in the network's order"
            raise InvalidValue(Problem("input.layout", words, self.layout))
        others = [name for name in spec.axes if name != axis]
        others.insert(0 if place == 0 else len(others), axis)
        return tuple(others)

    def statistics(self, positions: int, axis: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """What is subtracted and divided by at each position along the channel axis, in the records' unit.

        Both are empty where nothing is. Raises InvalidValue where the card has another number of values.
        """
        if not self.mean and self.scale == 1:
            return (), ()
        found = []
        for name, values in (("mean", self.mean or (0.0,)), ("std", self.std or (1.0,))):
            if len(values) not in (1, positions):
                words = f"has {len(values)} values; give one number, or {positions}: one for each {axis}"
                raise InvalidValue(Problem(f"input.{name}", words))
            found.append(tuple(value / self.scale for value in values * (positions if len(values) == 1 else 1)))
        return found[0], found[1]
