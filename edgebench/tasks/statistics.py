"""Scores of multi-label decisions and their uncertainty, in NumPy alone so that a device can compute them.

The tests compare them with scikit-learn's `f1_score` and `roc_auc_score`, to the last digit. Shapes: labels and
decisions (records, classes) of 0 and 1, probabilities (records, classes).
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

PROBABILITY_MARGIN = 1e-6
"""Probabilities are clipped to this distance from 0 and 1, where their logits would be infinite."""
Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]
PROBABILITY_MARGIN = 1e-6
"""Probabilities are clipped to this distance from 0 and 1, where their logits would be infinite."""


def probabilities(logits: NDArray[np.floating]) -> Floats:
    """The logistic function of logits, computed so that it never overflows."""
    x = logits.astype(np.float64)
    small: Floats = np.exp(-np.abs(x))
    found: Floats = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return found


def decide(logits: NDArray[np.floating], thresholds: tuple[float, ...]) -> Labels:
    """1 where the probability is at or above its class's threshold."""
    return (probabilities(logits) >= np.asarray(thresholds)).astype(np.uint8)


def f1_per_class(labels: Labels, decisions: Labels) -> Floats:
    """F1 = 2 TP / (2 TP + FP + FN) of each class; 0 where a class neither occurs nor is predicted."""
    found: Floats = _f1(*_counts(labels, decisions, np.ones((1, len(labels)))))[0]
    return found


def macro_f1(labels: Labels, decisions: Labels) -> float:
    """The plain mean of the classes' F1 (scikit-learn: average="macro", zero_division=0)."""
    return float(f1_per_class(labels, decisions).mean())


def macro_auc(labels: Labels, scores: NDArray[np.floating]) -> float | None:
    """The plain mean of the classes' area under the ROC curve; None where a class has only one label.

    The area is the Mann-Whitney U statistic over the product of the counts, ties at their mean rank.
    """
    areas = []
    for truth, score in zip(labels.T.astype(bool), scores.T, strict=True):
        positive, negative = int(truth.sum()), int((~truth).sum())
        if not positive or not negative:
            return None
        _, place, count = np.unique(score, return_inverse=True, return_counts=True)
        rank = (np.cumsum(count) - (count - 1) / 2)[place]
        areas.append((rank[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))
    return float(np.mean(areas))


def best_thresholds(labels: Labels, scores: NDArray[np.floating]) -> tuple[float, ...]:
    """For each class the probability threshold with the highest F1 on these records.

    Among equally good grid points it is the middle of the first run of neighbours, away from its edges.
    """
    grid = np.linspace(0.05, 0.95, 181)
    found = []
    for truth, score in zip(labels.T, scores.T, strict=True):
        decided = score[None, :] >= grid[:, None]
        hits = (decided & (truth == 1)).sum(1)
        f1 = 2 * hits / np.maximum(decided.sum(1) + truth.sum(), 1)
        best = np.flatnonzero(f1 == f1.max())
        first_run = best[: np.argmax(np.diff(best, append=best[-1] + 2) > 1) + 1]
        found.append(round(float(grid[first_run[len(first_run) // 2]]), 4))
    return tuple(found)


def calibration_error(labels: Labels, scores: NDArray[np.floating], bins: int = 15) -> float:
    """Expected calibration error: how far probabilities are from the frequency of what they predict, on average.

    For each class the records are binned by probability into equal widths; ECE is the mean of |mean probability -
    frequency| over the bins, weighted by their records (Naeini et al., 2015; 15 bins as in Guo et al., 2017,
    arXiv:1706.04599). The plain mean over the classes; 0 is perfect.
    """
    errors = []
    for truth, score in zip(labels.T, scores.T, strict=True):
        place = np.minimum((score * bins).astype(int), bins - 1)
        apart = np.bincount(place, score - truth.astype(np.float64), minlength=bins)
        errors.append(np.abs(apart).sum() / len(truth))
    return float(np.mean(errors))


def agreement(decisions: Labels, others: Labels) -> float:
    """Share of the single decisions (records x classes) in which two artifacts agree."""
    return float((decisions == others).mean())


class Resamples:
    """Bootstrap samples of the records (Efron, 1979): `count` samples of as many records, drawn with replacement.

    All results of one object use the same samples, so their differences are paired.
    """

    def __init__(self, records: int, count: int = 2000, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        drawn = rng.integers(records, size=(count, records)) + np.arange(count)[:, None] * records
        times = np.bincount(drawn.ravel(), minlength=count * records).reshape(count, records)
        # Small whole numbers: float32 holds them and their sums exactly, and is twice as fast.
        self._times: NDArray[np.float32] = times.astype(np.float32)

    def macro_f1(self, labels: Labels, decisions: Labels) -> Floats:
        """Macro-F1 of each sample, shape (count,)."""
        found: Floats = _f1(*_counts(labels, decisions, self._times)).mean(axis=1)
        return found

    def macro_auc(self, labels: Labels, scores: NDArray[np.floating]) -> Floats:
        """Macro-AUC of each sample, shape (count,); not-a-number in a sample where a class has only one label."""
        areas = [self._auc(t, s) for t, s in zip(labels.T.astype(bool), scores.T, strict=True)]
        found: Floats = np.mean(areas, axis=0)
        return found

    def _auc(self, truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> Floats:
        """Of one class: the drawn pairs with the positive above the negative, ties half, over all drawn pairs."""
        negatives = np.flatnonzero(~truth)
        negatives = negatives[np.argsort(scores[negatives], kind="stable")]
        positives = np.flatnonzero(truth)
        below = np.zeros((len(self._times), len(negatives) + 1), np.float32)
        np.cumsum(self._times[:, negatives], axis=1, out=below[:, 1:])
        of_them = self._times[:, positives]
        pairs = np.zeros(len(self._times))
        left, right = (np.searchsorted(scores[negatives], scores[positives], side) for side in ("left", "right"))
        # Without ties both sides are the same.
        for places, share in ((left, 1.0),) if (left == right).all() else ((left, 0.5), (right, 0.5)):
            pairs += np.einsum("rp,rp->r", of_them, below[:, places], dtype=np.float64) * share
        possible = of_them.sum(axis=1, dtype=np.float64) * below[:, -1]
        found: Floats = np.divide(pairs, possible, out=np.full(len(pairs), np.nan), where=possible > 0)
        return found


@functools.lru_cache(maxsize=2)
def resamples(records: int) -> Resamples:
    """The default 2,000 samples of so many records, the same for every artifact."""
    return Resamples(records)


def interval(samples: Floats, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of bootstrap samples; not-a-number is ignored."""
    low, high = np.nanquantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _counts(labels: Labels, decisions: Labels, weights: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Weighted true positives, and decided plus true; each of shape (samples, classes)."""
    hits = weights @ (labels & decisions).astype(weights.dtype)
    both = weights @ (labels.astype(weights.dtype) + decisions)
    return hits.astype(np.float64), both.astype(np.float64)


def _f1(hits: Floats, decided_plus_true: Floats) -> Floats:
    return np.divide(2 * hits, decided_plus_true, out=np.zeros_like(hits), where=decided_plus_true > 0)
