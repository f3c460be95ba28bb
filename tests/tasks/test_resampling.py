from __future__ import annotations

import numpy as np
import pytest
from made_up_scores import column, made_up
from sklearn.metrics import f1_score, roc_auc_score

from edgebench.tasks import statistics
from edgebench.tasks.auc import macro_auc_samples
from edgebench.tasks.resampling import Resamples, interval, resamples
from edgebench.tasks.statistics import Floats, Labels


def f1(drawn: Resamples, labels: Labels, decided: Labels) -> Floats:
    return np.concatenate([statistics.f1_samples(labels, decided, weights) for weights in drawn])


def auc(drawn: Resamples, labels: Labels, scores: Floats) -> Floats:
    return np.concatenate([macro_auc_samples(labels, scores, weights) for weights in drawn])


def test_bootstrap_by_hand() -> None:
    labels, decided = column(1, 1), column(1, 0)
    drawn = Resamples(2, count=4000)
    # The found record is drawn 0, 1 or 2 times of two: F1 is 0, 2/3 or 1, in 1/4, 1/2 and 1/4 of the cases.
    values, counts = np.unique(f1(drawn, labels, decided).round(12), return_counts=True)
    assert values == pytest.approx([0, 2 / 3, 1])
    assert counts / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    # A positive that ties with the negative, twice: 1/2 wherever both labels are drawn, else it cannot be told.
    areas = auc(drawn, column(1, 0), np.array([[0.3], [0.3]]))
    assert np.unique(areas[np.isfinite(areas)]).tolist() == [0.5]
    assert np.isfinite(areas).mean() == pytest.approx(0.5, abs=0.03)


def test_resampled_scores_are_scikit_learns() -> None:
    labels, scores = made_up(120, 9)
    drawn = Resamples(120, count=300, seed=4)  # more than are weighted at once
    decided = (scores >= 0.5).astype(np.uint8)
    found_f1, found_auc = f1(drawn, labels, decided), auc(drawn, labels, scores)
    rng = np.random.default_rng(4)
    for i, records in enumerate(rng.integers(120, size=(300, 120))):
        if i % 15 == 0:
            expected = f1_score(labels[records], decided[records], average="macro", zero_division=0)
            assert found_f1[i] == pytest.approx(expected, abs=1e-12)
            assert found_auc[i] == pytest.approx(roc_auc_score(labels[records], scores[records]), abs=1e-12)


def test_bootstrap_is_deterministic_and_covers_the_estimate() -> None:
    labels, scores = made_up(400, 3)
    decided = (scores >= 0.5).astype(np.uint8)
    first, again, other = (f1(Resamples(400, 500, seed), labels, decided) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    low, high = interval(first)
    assert low < statistics.macro_f1(labels, decided) < high < low + 0.2
    assert interval(np.arange(1001.0)) == pytest.approx((25, 975), abs=1e-9)
    assert interval(np.array([np.nan, *range(1001)])) == pytest.approx((25, 975), abs=1e-9)


def test_pairing_narrows_the_difference() -> None:
    labels, scores = made_up(400, 6)
    decided = (scores >= 0.5).astype(np.uint8)
    nearly = decided.copy()
    nearly[:4] ^= 1
    drawn = resamples(400)
    alone = f1(drawn, labels, nearly)
    difference = alone - f1(drawn, labels, decided)
    assert difference.std() < alone.std() / 3
    low, high = interval(difference)
    assert low <= statistics.macro_f1(labels, nearly) - statistics.macro_f1(labels, decided) <= high
    assert not (alone - f1(drawn, labels, nearly.copy())).any()


def test_intervals_cover_what_is_true() -> None:
    """Of macro-F1 and macro-AUC over many draws from one population, whose scores a very large draw tells."""
    labels, scores = made_up(200_000, 11)
    decided = (scores >= 0.5).astype(np.uint8)
    true_f1, true_auc = statistics.macro_f1(labels, decided), statistics.macro_auc(labels, scores) or 0.0
    rng, covered = np.random.default_rng(0), np.zeros(2)
    trials = 400
    for trial in range(trials):
        chosen = rng.integers(len(labels), size=300)
        drawn = Resamples(300, 400, trial)
        of_f1 = interval(f1(drawn, labels[chosen], decided[chosen]))
        of_auc = interval(auc(drawn, labels[chosen], scores[chosen]))
        covered += (of_f1[0] <= true_f1 <= of_f1[1], of_auc[0] <= true_auc <= of_auc[1])
    assert (covered / trials >= 0.92).all() and (covered / trials <= 0.98).all()
