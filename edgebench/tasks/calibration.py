"""Expected calibration error: how far probabilities are from the frequency of what they predict, on average."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""As in Guo et al., 2017, arXiv:1706.04599."""


def binned_error(
    predicted: NDArray[np.float64], happened: NDArray[np.float64], weights: NDArray[np.float32] | None, bins: int = BINS
) -> NDArray[np.float64]:
    """The expected calibration error in each bootstrap sample, shape (samples,); 0 is perfect.

    Records are binned by probability into equal widths; the error is the mean of |mean probability - frequency| over
    the bins, weighted by their records (Naeini et al., 2015). Shapes: predicted probabilities and happened (0 or 1)
    (records,), weights (samples, records) or None for one sample with each record once.
    """
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    if weights is None:
        apart = np.bincount(place, predicted - happened, minlength=bins)
        return np.array([np.abs(apart).sum() / len(predicted)])
    by_bin = np.zeros((len(predicted), bins))
    by_bin[np.arange(len(predicted)), place] = predicted - happened
    found: NDArray[np.float64] = np.abs(weights.astype(np.float64) @ by_bin).sum(axis=1) / len(predicted)
    return found
