"""What an artifact takes: the shape, axes and unit of one record, and how records are stored on disk.

An artifact takes raw records as float32; normalisation is inside its graph. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edgebench.core.problems import InvalidValue, Problem

StoredType = Literal["uint8", "int16", "float32"]


@dataclass(frozen=True)
class InputSpec:
    """One input of a network, without the batch axis.

    Signal: shape (12, 1000), axes (channel, sample). Image: (3, 32, 32), axes (channel, row, column), values 0 to 1.
    Video: (8, 3, 112, 112), axes (frame, channel, row, column).
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    unit: str = ""
    """Empty for values without a unit, such as pixels from 0 to 1."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the positions along an axis, such as the colours of an image."""
    rate_hz: float | None = None
    """Positions a second along the axis of time; None where no axis is time."""
    dtype: str = "float32"

    def __post_init__(self) -> None:
        """Raise InvalidValue where axes or names do not fit the shape."""
        if len(self.shape) != len(self.axes) or not self.shape:
            raise InvalidValue(Problem("axes", f"{len(self.axes)} names of axes for the shape {self.shape}"))
        if min(self.shape) < 1:
            raise InvalidValue(Problem("shape", "must have sizes of at least 1", self.shape))
        for axis, names in self.names.items():
            if axis not in self.axes or len(names) != self.shape[self.axes.index(axis)]:
                words = f"{len(names)} names along the axis '{axis}' of the shape {self.shape}"
                raise InvalidValue(Problem("names", words))

    @property
    def channel_axis(self) -> int:
        """The axis along which values have statistics of their own: that of the channels, or else the first."""
        return self.axes.index("channel") if "channel" in self.axes else 0

    @property
    def positions(self) -> tuple[str, ...]:
        """The names along that axis; empty where they have none."""
        return tuple(self.names.get(self.axes[self.channel_axis], ()))

    def mismatch(self, other: InputSpec, label: str) -> str:
        """Why a network for this input does not take another one, that of `label`; empty where it does.

        Names along an axis count where both have them.
        """
        if str(self) != str(other) or self.dtype != other.dtype:
            return f"takes {self}; {label} has {other}"
        for axis in self.axes:
            mine, others = self.names.get(axis, ()), other.names.get(axis, ())
            if mine and others and tuple(mine) != tuple(others):
                return f"takes the {axis}s {', '.join(mine)}; {label} has {', '.join(others)}"
        return ""

    def __str__(self) -> str:
        """Such as `3 channels x 1000 samples at 100 Hz in g`."""
        sizes = " x ".join(f"{n} {axis}{'' if n == 1 else 's'}" for n, axis in zip(self.shape, self.axes, strict=True))
        rate = "" if self.rate_hz is None else f" at {self.rate_hz:g} Hz"
        return sizes + rate + (f" in {self.unit}" if self.unit else "")


@dataclass(frozen=True)
class Storage:
    """How the values of an input are stored: value = stored number / `per_unit`, rounded to float32."""

    dtype: StoredType = "float32"
    per_unit: float = 1.0
    """1000 for int16 thousandths of the input's unit, 255 for uint8 pixels from 0 to 1."""


@dataclass(frozen=True)
class StoredInput:
    """One input of all records, on disk."""

    name: str
    """The network's name for it; the first input of a network that has one is `input`."""
    spec: InputSpec
    storage: Storage
    path: Path
    """A .npy file of `storage.dtype`, shape (records, *spec.shape)."""
