"""The error of rounding a tensor to integers. NumPy only.

With real values x, integers q from `low` to `high`, a scale s and a zero point z (Jacob et al., 2018, "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", arXiv:1712.05877):

    q = clip(round(x / s) + z, low, high)        x' = s (q - z)

Rounding is to the nearest, half to even; all arithmetic is float32. torch's quantizers return the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Scheme = Literal["symmetric", "affine"]
EPS = np.float32(np.finfo(np.float32).eps)
"""The smallest scale, as in torch's observers; a tensor of zeros has it."""


@dataclass(frozen=True)
class Quantized:
    """A tensor of integers with its scale and zero point, each with one entry, or one for each channel."""

    integers: NDArray[np.int32]
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int32]
    low: int
    high: int
    axis: int | None
    """The dimension of the channels; None where the whole tensor shares one scale."""

    def real(self) -> NDArray[np.float32]:
        """The real values of the integers: s (q - z)."""
        scale, zero = (_along(v, self.integers.ndim, self.axis) for v in (self.scale, self.zero_point))
        return np.asarray((self.integers - zero).astype(np.float32) * scale, np.float32)


@dataclass(frozen=True)
class Loss:
    """The error of a quantized tensor."""

    sqnr_db: float
    """Signal to quantization noise: 10 log10(sum x^2 / sum (x - x')^2); infinite without any error."""
    max_error: float
    """Largest |x - x'|."""
    clipped: float
    """Share of the values that lie more than half a step outside the range of the integers."""
    range_used: float
    """Width of the range of integers that occur, as a share of all integers; the mean over the channels where each has
    its own scale. A symmetric scale wastes half of it on a one-sided tensor."""


def quantize(
    values: NDArray[np.float32],
    scheme: Scheme = "symmetric",
    bits: int = 8,
    axis: int | None = None,
    limits: tuple[float, float] | None = None,
) -> Quantized:
    """Quantize a tensor of any shape to signed integers of `bits` bits.

    symmetric: s = max|x| / ((2^bits - 1) / 2), z = 0. affine: the range is widened to hold 0, then
    s = (max - min) / (2^bits - 1) and z = low - round(min / s). `axis` gives each index of that dimension its
    own scale. `limits` replaces (min, max) of the whole tensor and clips values beyond. Raises ValueError.
    """
    x = np.ascontiguousarray(values, np.float32)
    _check(x, bits, axis, limits)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    smallest, largest = np.array(limits, np.float32)[:, None] if limits else _ranges(x, axis)
    smallest, largest = np.minimum(smallest, np.float32(0)), np.maximum(largest, np.float32(0))
    zero = np.zeros(len(smallest), np.int32)
    if scheme == "symmetric":
        reach = np.maximum(-smallest, largest)
        scale = np.maximum(reach / np.float32((high - low) / 2), EPS)
    else:
        scale = np.maximum((largest - smallest) / np.float32(high - low), EPS)
        zero = np.clip(low - np.rint(smallest / scale), low, high).astype(np.int32)
    return with_scale(x, scale, zero, axis, bits)


def with_scale(
    values: NDArray[np.float32],
    scale: NDArray[np.float32],
    zero_point: NDArray[np.int32],
    axis: int | None = None,
    bits: int = 8,
) -> Quantized:
    """Quantize with known scales and zero points, each of shape (1,) or (channels,)."""
    x = np.ascontiguousarray(values, np.float32)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    # torch multiplies by the inverse of the scale, which rounds differently from dividing by it.
    inverse = np.float32(1) / _along(scale.astype(np.float32), x.ndim, axis)
    rounded = np.rint(x * inverse) + _along(zero_point, x.ndim, axis)
    return Quantized(np.clip(rounded, low, high).astype(np.int32), scale, zero_point, low, high, axis)


def loss(values: NDArray[np.float32], quantized: Quantized) -> Loss:
    """The error between a tensor and its quantized form."""
    x = np.asarray(values, np.float64)
    noise = x - quantized.real().astype(np.float64)
    power, noise_power = float((x**2).sum()), float((noise**2).sum())
    scale, zero = (_along(v, x.ndim, quantized.axis) for v in (quantized.scale, quantized.zero_point))
    ends = [(end - zero) * scale.astype(np.float64) for end in (quantized.low, quantized.high)]
    outside = (x < ends[0] - scale / 2) | (x > ends[1] + scale / 2)
    return Loss(
        sqnr_db=10 * float(np.log10(power / noise_power)) if noise_power and power else np.inf,
        max_error=float(np.abs(noise).max()),
        clipped=float(outside.mean()),
        range_used=_range_used(quantized),
    )


def _range_used(quantized: Quantized) -> float:
    smallest, largest = _ranges(quantized.integers, quantized.axis)
    return float(((largest - smallest) / (quantized.high - quantized.low)).mean())


def _ranges(x: NDArray[Any], axis: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Smallest and largest value, each of shape (1,) or (channels,)."""
    rows = x.reshape(1, -1) if axis is None else np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)
    return rows.min(1), rows.max(1)


def _along(v: NDArray[Any], ndim: int, axis: int | None) -> NDArray[Any]:
    """A vector, reshaped to broadcast along one dimension of a tensor."""
    if axis is None:
        return v.reshape((1,) * ndim)
    return v.reshape([-1 if d == axis % ndim else 1 for d in range(ndim)])


def _check(x: NDArray[np.float32], bits: int, axis: int | None, limits: tuple[float, float] | None) -> None:
    if not x.size:
        raise ValueError("quantize: the tensor is empty")
    if not np.isfinite(x).all():
        raise ValueError("quantize: the tensor has values that are not finite")
    if not 2 <= bits <= 16:
        raise ValueError(f"quantize: bits is {bits}; it must be from 2 to 16")
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise ValueError(f"quantize: axis {axis} of a tensor with {x.ndim} dimensions")
    if limits and (axis is not None or not limits[0] < limits[1]):
        raise ValueError("quantize: limits are a smaller and a larger number, for the whole tensor")
