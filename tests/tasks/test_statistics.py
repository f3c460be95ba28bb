from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from edgebench.tasks import statistics

Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def made_up(records: int, seed: int, classes: int = 5) -> tuple[Labels, Floats]:
    """Labels of unlike frequency, and scores that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((records, classes)) < np.linspace(0.1, 0.5, classes)).astype(np.uint8)
    return labels, np.asarray(np.round(np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0, 1), 2), dtype=np.float64)


def column(*values: int) -> Labels:
    return np.array(values, dtype=np.uint8)[:, None]


def test_f1_by_hand() -> None:
    labels = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0]], dtype=np.uint8)
    decided = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=np.uint8)
    # First class: TP 2, FP 1, FN 1. Second: TP 1, FP 1, FN 1. Third: never there, never decided for.
    assert statistics.f1_per_class(labels, decided) == pytest.approx([2 / 3, 1 / 2, 0.0], abs=1e-15)
    assert statistics.macro_f1(labels, decided) == pytest.approx(7 / 18, abs=1e-15)


def test_auc_by_hand_with_ties() -> None:
    scores = np.array([[0.1], [0.4], [0.4], [0.8]])
    # Pairs (positive, negative): 0.4 over 0.1 is 1, 0.4 with 0.4 is 1/2, 0.8 over both is 2: 3.5 of 4.
    assert statistics.macro_auc(column(0, 0, 1, 1), scores) == 0.875
    assert statistics.macro_auc(column(1, 1, 0, 0), scores) == 0.125
    assert statistics.macro_auc(column(0, 1, 0, 1), np.zeros((4, 1))) == 0.5


def test_auc_needs_both_labels_in_every_class() -> None:
    labels, scores = made_up(50, 1)
    labels[:, 2] = 0
    assert statistics.macro_auc(labels, scores) is None
    labels[:, 2] = 1
    assert statistics.macro_auc(labels, scores) is None


@pytest.mark.parametrize("seed", range(8))
def test_scores_are_scikit_learns(seed: int) -> None:
    labels, scores = made_up(40 + 97 * seed, seed)
    decided = (scores >= 0.5).astype(np.uint8)
    expected = f1_score(labels, decided, average="macro", zero_division=0)
    assert statistics.macro_f1(labels, decided) == pytest.approx(expected, abs=1e-12)
    assert statistics.macro_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    decided[:, 0] = labels[:, 0] = 0  # a class that neither occurs nor is decided for
    expected = f1_score(labels, decided, average="macro", zero_division=0)
    assert statistics.macro_f1(labels, decided) == pytest.approx(expected, abs=1e-12)


def test_probabilities_never_overflow() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = statistics.probabilities(np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0], dtype=np.float32))
    assert found == pytest.approx([0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1], abs=1e-15)


def test_a_probability_on_the_threshold_is_decided_for() -> None:
    logits = np.array([[0.0, 0.0], [-1e-6, 1e-6], [3.0, -3.0]])
    assert statistics.decide(logits, (0.5, 0.5)).tolist() == [[1, 1], [0, 1], [1, 0]]
    assert statistics.decide(logits, (0.96, 0.04)).tolist() == [[0, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize("seed", range(4))
def test_the_best_thresholds_are_the_best(seed: int) -> None:
    labels, scores = made_up(300, seed)
    scores = np.clip(scores + np.random.default_rng(seed).uniform(-0.004, 0.004, scores.shape), 0, 1)
    chosen = statistics.best_thresholds(labels, scores)
    grid = [0.05 + 0.005 * i for i in range(181)]
    for i, threshold in enumerate(chosen):
        best = max(f1_score(labels[:, i], scores[:, i] >= t, zero_division=0) for t in grid)
        assert f1_score(labels[:, i], scores[:, i] >= threshold) == pytest.approx(best, abs=1e-12)


def test_the_best_threshold_is_off_the_edge() -> None:
    assert statistics.best_thresholds(column(0, 0, 1, 1), np.array([[0.1], [0.2], [0.8], [0.9]])) == (0.505,)
    assert statistics.best_thresholds(column(0, 0), np.array([[0.1], [0.2]])) == (0.5,)


def test_bootstrap_by_hand() -> None:
    labels, decided = column(1, 1), column(1, 0)
    drawn = statistics.Resamples(2, count=4000)
    # The found record is drawn 0, 1 or 2 times of two: F1 is 0, 2/3 or 1, in 1/4, 1/2 and 1/4 of the cases.
    values, counts = np.unique(drawn.macro_f1(labels, decided).round(12), return_counts=True)
    assert values == pytest.approx([0, 2 / 3, 1])
    assert counts / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    # A positive that ties with the negative, twice: 1/2 wherever both labels are drawn, else it cannot be told.
    areas = drawn.macro_auc(column(1, 0), np.array([[0.3], [0.3]]))
    assert np.unique(areas[np.isfinite(areas)]).tolist() == [0.5]
    assert np.isfinite(areas).mean() == pytest.approx(0.5, abs=0.03)


def test_resampled_scores_are_scikit_learns() -> None:
    labels, scores = made_up(120, 9)
    drawn = statistics.Resamples(120, count=20, seed=4)
    decided = (scores >= 0.5).astype(np.uint8)
    found_f1, found_auc = drawn.macro_f1(labels, decided), drawn.macro_auc(labels, scores)
    rng = np.random.default_rng(4)
    for i, records in enumerate(rng.integers(120, size=(20, 120))):
        expected = f1_score(labels[records], decided[records], average="macro", zero_division=0)
        assert found_f1[i] == pytest.approx(expected, abs=1e-12)
        assert found_auc[i] == pytest.approx(roc_auc_score(labels[records], scores[records]), abs=1e-12)


def test_bootstrap_is_deterministic_and_covers_the_estimate() -> None:
    labels, scores = made_up(400, 3)
    decided = (scores >= 0.5).astype(np.uint8)
    first, again, other = (statistics.Resamples(400, 500, seed).macro_f1(labels, decided) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    low, high = statistics.interval(first)
    assert low < statistics.macro_f1(labels, decided) < high < low + 0.2
    assert statistics.interval(np.arange(1001.0)) == pytest.approx((25, 975), abs=1e-9)
    assert statistics.interval(np.array([np.nan, *range(1001)])) == pytest.approx((25, 975), abs=1e-9)


def test_pairing_narrows_the_difference() -> None:
    labels, scores = made_up(400, 6)
    decided = (scores >= 0.5).astype(np.uint8)
    nearly = decided.copy()
    nearly[:4] ^= 1
    drawn = statistics.resamples(400)
    alone = drawn.macro_f1(labels, nearly)
    difference = alone - drawn.macro_f1(labels, decided)
    assert difference.std() < alone.std() / 3
    low, high = statistics.interval(difference)
    assert low <= statistics.macro_f1(labels, nearly) - statistics.macro_f1(labels, decided) <= high
    assert not (alone - drawn.macro_f1(labels, nearly.copy())).any()


def test_intervals_cover_what_is_true() -> None:
    """Of macro-F1 and macro-AUC over many draws from one population, whose scores a very large draw tells."""
    labels, scores = made_up(200_000, 11)
    decided = (scores >= 0.5).astype(np.uint8)
    true_f1, true_auc = statistics.macro_f1(labels, decided), statistics.macro_auc(labels, scores) or 0.0
    rng, covered = np.random.default_rng(0), np.zeros(2)
    trials = 400
    for trial in range(trials):
        chosen = rng.integers(len(labels), size=300)
        drawn = statistics.Resamples(300, 400, trial)
        f1 = statistics.interval(drawn.macro_f1(labels[chosen], decided[chosen]))
        auc = statistics.interval(drawn.macro_auc(labels[chosen], scores[chosen]))
        covered += (f1[0] <= true_f1 <= f1[1], auc[0] <= true_auc <= auc[1])
    assert (covered / trials >= 0.92).all() and (covered / trials <= 0.98).all()


def test_calibration_error_by_hand() -> None:
    # Bins of a fifth: 0.1 and 0.1 with one true, 0.9 with one true and 1.0 with none: |0.1 - 0.5|, |0.95 - 0.5|.
    labels, scores = column(1, 0, 1, 0), np.array([[0.1], [0.1], [0.9], [1.0]])
    assert statistics.calibration_error(labels, scores, bins=5) == pytest.approx(0.5 * 0.4 + 0.5 * 0.45, abs=1e-12)
    assert statistics.calibration_error(labels, labels.astype(float)) == 0.0
    rng = np.random.default_rng(0)
    honest = rng.random((100_000, 2))
    assert statistics.calibration_error((rng.random(honest.shape) < honest).astype(np.uint8), honest) < 0.01


def test_agreement_counts_single_decisions() -> None:
    assert statistics.agreement(np.array([[1, 0], [1, 1]], np.uint8), np.array([[1, 1], [1, 1]], np.uint8)) == 0.75
