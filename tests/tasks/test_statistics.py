from __future__ import annotations

import warnings

import numpy as np
import pytest
from made_up_scores import column, made_up
from sklearn.metrics import f1_score, roc_auc_score

from edgebench.tasks import statistics


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


def test_agreement_counts_single_decisions() -> None:
    assert statistics.agreement(np.array([[1, 0], [1, 1]], np.uint8), np.array([[1, 1], [1, 1]], np.uint8)) == 0.75
