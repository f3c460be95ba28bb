"""What an artifact takes: the shape, axes and unit of one record, and how records are stored on disk.

An artifact takes raw records as float32; normalisation is inside its graph. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

StoredType = Literal["uint8", "int16", "float32"]


@dataclass(frozen=True)
class InputSpec:
    """One input of a network, without the batch axis.

    ECG: shape (12, 1000), axes (lead, sample), unit mV. Image: (3, 32, 32), axes (channel, row, column), values 0 to 1.
    Video: (8, 3, 112, 112), axes (frame, channel, row, column).
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    unit: str = ""
    """Empty for values without a unit, such as pixels from 0 to 1."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the positions along an axis, such as the leads of an ECG."""
    rate_hz: float | None = None
    """Positions a second along the axis of time; None where no axis is time."""
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if len(self.shape) != len(self.axes):
            raise ValueError(f"an input of shape {self.shape} has {len(self.axes)} names of axes: {self.axes}")
        for axis, names in self.names.items():
            if axis not in self.axes or len(names) != self.shape[self.axes.index(axis)]:
                raise ValueError(f"{len(names)} names along the axis '{axis}' of an input of shape {self.shape}")

    def __str__(self) -> str:
        """Such as `12 leads x 1000 samples at 100 Hz in mV`."""
        sizes = " x ".join(f"{n} {axis}{'' if n == 1 else 's'}" for n, axis in zip(self.shape, self.axes, strict=True))
        rate = "" if self.rate_hz is None else f" at {self.rate_hz:g} Hz"
        return sizes + rate + (f" in {self.unit}" if self.unit else "")


@dataclass(frozen=True)
class Storage:
    """How the values of an input are stored: value = stored number / `per_unit`, rounded to float32."""

    dtype: StoredType = "float32"
    per_unit: float = 1.0
    """1000 for int16 microvolts of an input in millivolts, 255 for uint8 pixels from 0 to 1."""


@dataclass(frozen=True)
class StoredInput:
    """One input of all records, on disk."""

    name: str
    """The network's name for it; the first input of a network that has one is `input`."""
    spec: InputSpec
    storage: Storage
    path: Path
    """A .npy file of `storage.dtype`, shape (records, *spec.shape)."""
