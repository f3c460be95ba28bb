"""Normalise each record by its own values, for a file whose graph does not do it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgebench.core.io_adapter import PerRecord


def normalised(records: NDArray[np.float32], how: PerRecord, axis: int = 0) -> NDArray[np.float32]:
    """Records (batch, …), normalised by position along their channel axis (`zscore`, `max-channel`) or as a whole.

    `axis` is that axis of a record. `zscore` and `zscore-record` subtract the mean and divide by the standard
    deviation (of a population, as NumPy's); `max` and `max-channel` divide by the largest absolute value. What has no
    variation, or is zero, is divided by 1.
    """
    alone = how in ("zscore", "max-channel")
    axes = tuple(n for n in range(1, records.ndim) if not (alone and n == axis + 1))
    if how.startswith("max"):
        peak = np.abs(records).max(axes, keepdims=True)
        return (records / np.where(peak > 0, peak, np.float32(1))).astype(np.float32, copy=False)
    wide = records.astype(np.float64)  # float32 sums would give a flat row a mean beside its value
    wide -= wide.mean(axes, keepdims=True)
    std = np.sqrt((wide * wide).mean(axes, keepdims=True))
    wide /= np.where(std > 0, std, 1.0)
    return wide.astype(np.float32)
