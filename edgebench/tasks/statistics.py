"""Scores of multi-label decisions and their uncertainty, in NumPy alone so that a device can compute them.

The tests compare them with scikit-learn's `f1_score` and `roc_auc_score`, to the last digit. Shapes: labels and
decisions (records, classes) of 0 and 1, probabilities (records, classes).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]
PROBABILITY_MARGIN = 1e-6
SMALLEST_PROBABILITY = 1e-30
"""Of one class among several, before its logarithm is taken: small enough to keep the order of unlikely classes."""
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


def f1_samples(labels: Labels, decisions: Labels, weights: NDArray[np.float32] | None) -> Floats:
    """Macro-F1 in each bootstrap sample, shape (samples,).

    `weights` (samples, records) says how often each record was drawn; None is one sample with each record once.
    """
    times = np.ones((1, len(labels))) if weights is None else weights
    found: Floats = _f1(*_counts(labels, decisions, times)).mean(axis=1)
    return found


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


def agreement(decisions: Labels, others: Labels) -> float:
    """Share of the single decisions (records x classes) in which two artifacts agree."""
    return float((decisions == others).mean())


def _counts(labels: Labels, decisions: Labels, weights: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Weighted true positives, and decided plus true; each of shape (samples, classes)."""
    hits = weights @ (labels & decisions).astype(weights.dtype)
    both = weights @ (labels.astype(weights.dtype) + decisions)
    return hits.astype(np.float64), both.astype(np.float64)


def _f1(hits: Floats, decided_plus_true: Floats) -> Floats:
    return np.divide(2 * hits, decided_plus_true, out=np.zeros_like(hits), where=decided_plus_true > 0)
