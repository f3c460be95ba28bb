"""Means over records in bootstrap samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
"""Shape (samples, records): how often each record was drawn in each sample."""


def total(values: NDArray[Any], weights: Weights | None) -> NDArray[np.float64]:
    """The sum over the records in each sample: values (records,) or (records, n), result (samples,) or (samples, n).

    Without weights there is one sample, with each record once.
    """
    if weights is None:
        return np.asarray(values.astype(np.float64).sum(axis=0, keepdims=True))
    found: NDArray[np.float64] = weights.astype(np.float64) @ values.astype(np.float64)
    return found


def mean(values: NDArray[Any], weights: Weights | None) -> NDArray[np.float64]:
    """The mean over the records in each sample; shapes as for `total`."""
    return total(values, weights) / len(values)
