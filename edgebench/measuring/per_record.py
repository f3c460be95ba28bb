"""Normalise each record by its own values, for a file whose graph does not do it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgebench.core.io_adapter import PerRecord


def normalised(signals: NDArray[np.float32], how: PerRecord) -> NDArray[np.float32]:
    """Signals (batch, leads, samples), normalised by lead (`zscore`, `max-lead`) or by record (`zscore-record`, `max`).

    `zscore` subtracts the mean and divides by the standard deviation over the samples (of a population, as NumPy's);
    `max` divides by the largest absolute value. A lead or record without variation, or of zeros, is divided by 1.
    """
    axes = (2,) if how in ("zscore", "max-lead") else (1, 2)
    if how.startswith("max"):
        peak = np.abs(signals).max(axes, keepdims=True)
        return (signals / np.where(peak > 0, peak, np.float32(1))).astype(np.float32, copy=False)
    wide = signals.astype(np.float64)  # float32 sums would give a flat lead a mean beside its value
    wide -= wide.mean(axes, keepdims=True)
    std = np.sqrt((wide * wide).mean(axes, keepdims=True))
    wide /= np.where(std > 0, std, 1.0)
    return wide.astype(np.float32)
