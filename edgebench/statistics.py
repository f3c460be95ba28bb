"""Scores of multi-label decisions and their uncertainty, in NumPy alone so that a device can compute them.

Held in the tests against scikit-learn's `f1_score` and `roc_auc_score`, to the last digit. Shapes: labels and decisions
(records, classes) of 0 and 1, probabilities (records, classes).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]


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
    """F1 = 2 TP / (2 TP + FP + FN) of each class; 0 where a class neither occurs nor is decided for."""
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

    Among equals the middle of the first run of equally good grid points is taken, so that it sits off the edge.
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


def bootstrap_macro_f1(
    labels: Labels, decisions: Labels, baseline: Labels | None = None, resamples: int = 2000, seed: int = 0
) -> tuple[Floats, Floats | None]:
    """Macro-F1 of `resamples` bootstrap samples of the records (Efron, 1979), and its difference to the baseline's.

    Both sides of a difference are computed on the same resample, which makes the bootstrap paired.
    """
    weights = _resample_counts(len(labels), resamples, seed)
    scores = _f1(*_counts(labels, decisions, weights)).mean(axis=1)
    if baseline is None:
        return scores, None
    return scores, scores - _f1(*_counts(labels, baseline, weights)).mean(axis=1)


def interval(samples: Floats, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of bootstrap samples."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_median(processes: list[Floats], resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the median over all samples, by a hierarchical bootstrap: processes first, then their samples.

    `processes` holds the samples of each process. The processes count most: samples of one process share its memory
    layout and its minute, so they are not independent.
    """
    rng = np.random.default_rng(seed)
    medians = np.empty(resamples)
    for i in range(resamples):
        drawn = [processes[p] for p in rng.integers(len(processes), size=len(processes))]
        medians[i] = np.median(np.concatenate([s[rng.integers(len(s), size=len(s))] for s in drawn]))
    return interval(medians)


def _resample_counts(records: int, resamples: int, seed: int) -> Floats:
    """How often each record is drawn, shape (resamples, records)."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(records, size=(resamples, records)) + np.arange(resamples)[:, None] * records
    return np.bincount(drawn.ravel(), minlength=resamples * records).reshape(resamples, records).astype(np.float64)


def _counts(labels: Labels, decisions: Labels, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted true positives, and decided plus true; each of shape (resamples, classes)."""
    hits = weights @ (labels & decisions).astype(np.float64)
    return hits, weights @ (labels.astype(np.float64) + decisions)


def _f1(hits: Floats, decided_plus_true: Floats) -> Floats:
    return np.divide(2 * hits, decided_plus_true, out=np.zeros_like(hits), where=decided_plus_true > 0)
