"""Bootstrap samples of records (Efron, 1979) and percentile intervals."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SAMPLES = 2000
AT_ONCE = 250
"""Samples that are weighted at once: bounds the memory, 10 MB for 10,000 records."""


class Resamples:
    """`count` samples of as many records, drawn with replacement from a seed.

    All results of one object use the same samples, so their differences are paired.
    """

    def __init__(self, records: int, count: int = SAMPLES, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        # How often a record occurs in a sample fits in a byte: a mean of 1, and 256 has a probability below 1e-500.
        self._times = np.empty((count, records), np.uint8)
        for row in range(count):
            self._times[row] = np.bincount(rng.integers(records, size=records), minlength=records)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Weights (samples, records) of the samples, a part at a time.

        Small whole numbers: float32 holds them and their sums exactly, and is twice as fast as float64.
        """
        for start in range(0, len(self._times), AT_ONCE):
            yield self._times[start : start + AT_ONCE].astype(np.float32)


@functools.lru_cache(maxsize=2)
def resamples(records: int) -> Resamples:
    """The default samples of so many records, the same for every artifact."""
    return Resamples(records)


def interval(samples: Floats, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of bootstrap samples; not-a-number is ignored."""
    low, high = np.nanquantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
