"""The area under the ROC curve in bootstrap samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def macro_auc_samples(labels: NDArray[np.uint8], scores: NDArray[np.floating], weights: NDArray[np.float32]) -> Floats:
    """The plain mean of the classes' areas in each sample, shape (samples,).

    Not-a-number in a sample where a class has only one label. Shapes: labels and scores (records, classes), weights
    (samples, records).
    """
    areas = [auc_samples(t, s, weights) for t, s in zip(labels.T.astype(bool), scores.T, strict=True)]
    found: Floats = np.mean(areas, axis=0)
    return found


def auc_samples(truth: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.float32]) -> Floats:
    """Of one class: the drawn pairs with the positive above the negative, ties half, over all drawn pairs."""
    negatives = np.flatnonzero(~truth)
    negatives = negatives[np.argsort(scores[negatives], kind="stable")]
    positives = np.flatnonzero(truth)
    below = np.zeros((len(weights), len(negatives) + 1), np.float32)
    np.cumsum(weights[:, negatives], axis=1, out=below[:, 1:])
    of_them = weights[:, positives]
    pairs = np.zeros(len(weights))
    left, right = (np.searchsorted(scores[negatives], scores[positives], side) for side in ("left", "right"))
    # Without ties both sides are the same.
    for places, share in ((left, 1.0),) if (left == right).all() else ((left, 0.5), (right, 0.5)):
        pairs += np.einsum("rp,rp->r", of_them, below[:, places], dtype=np.float64) * share
    possible = of_them.sum(axis=1, dtype=np.float64) * below[:, -1]
    found: Floats = np.divide(pairs, possible, out=np.full(len(pairs), np.nan), where=possible > 0)
    return found
