from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from edgebench.measuring import latency_statistics

Floats = NDArray[np.float64]


@pytest.mark.parametrize("freedom", [1, 2, 3, 4.7, 9, 30.5, 400])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_students_t_is_scipys(freedom: float, level: float) -> None:
    assert latency_statistics.student_t(freedom, level) == pytest.approx(
        stats.t.ppf((1 + level) / 2, freedom), rel=1e-7
    )


def test_the_median_of_constant_samples_is_that_constant() -> None:
    assert latency_statistics.median_interval([np.full(50, 0.25)] * 3) == pytest.approx((0.25, 0.25), abs=1e-15)
    assert latency_statistics.median_interval([np.full(50, 0.25)]) == pytest.approx((0.25, 0.25), abs=1e-15)


def test_processes_that_disagree_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    alike: list[Floats] = [rng.normal(1, 0.01, 200) for _ in range(3)]
    apart: list[Floats] = [samples + shift for samples, shift in zip(alike, (0, 0.1, 0.2), strict=True)]
    low, high = latency_statistics.median_interval(alike)
    assert low < 1 + 0.003 and high > 1 - 0.003 and high - low < 0.02
    wide_low, wide_high = latency_statistics.median_interval(apart)
    assert wide_high - wide_low > 10 * (high - low)
    assert (low, high) == latency_statistics.median_interval(alike)


@pytest.mark.parametrize(("processes", "between", "within"), [(3, 0.03, 0.1), (5, 0.02, 0.02), (5, 0.0, 0.1)])
def test_the_medians_interval_covers_what_is_true(processes: int, between: float, within: float) -> None:
    """Processes differ by a factor of their own, samples in them by another; the median of both is 1."""
    rng = np.random.default_rng(7)
    covered, trials = 0, 600
    for trial in range(trials):
        times = [np.exp(rng.normal(0, between) + rng.normal(0, within, 40)) for _ in range(processes)]
        low, high = latency_statistics.median_interval(times, trial)
        covered += low <= 1 <= high
    assert 0.92 <= covered / trials <= 0.98


def test_ratio_by_hand() -> None:
    new, old = [2.0, 2.0 * math.e], [1.0, math.e]
    # Logarithms: means ln 2 + 1/2 and 1/2; variances 1/2 each, over 2 processes 1/4 each; Welch has 2 degrees.
    found = latency_statistics.ratio(new, old)
    assert found.ratio == pytest.approx(2)
    half = stats.t.ppf(0.975, 2) * math.sqrt(0.5)
    assert (found.low, found.high) == pytest.approx((2 * math.exp(-half), 2 * math.exp(half)))
    welch = stats.ttest_ind(np.log(new), np.log(old), equal_var=False).confidence_interval()
    assert (math.log(found.low), math.log(found.high)) == pytest.approx(tuple(welch))
    assert latency_statistics.ratio([3.0, 3.0], [1.5, 1.5]) == pytest.approx((2, 2, 2))


def test_paired_ratio_by_hand() -> None:
    # Pairs of ratios 2 and 2 e^0.2: what both share, a slow minute, is not in it.
    found = latency_statistics.paired_ratio([2.0, 20 * math.exp(0.2)], [1.0, 10.0])
    assert found.ratio == pytest.approx(2 * math.exp(0.1))
    half = stats.t.ppf(0.975, 1) * 0.1
    assert (found.low, found.high) == pytest.approx((2 * math.exp(0.1 - half), 2 * math.exp(0.1 + half)))


@pytest.mark.parametrize("paired", [False, True])
def test_intervals_of_ratios_cover_what_is_true(paired: bool) -> None:
    rng = np.random.default_rng(3)
    covered, trials = 0, 1000
    for _ in range(trials):
        shared = rng.normal(0, 0.2 if paired else 0, 5)
        old, new = np.exp(shared + rng.normal(0, 0.02, 5)), 1.05 * np.exp(shared + rng.normal(0, 0.04, 5))
        found = (latency_statistics.paired_ratio if paired else latency_statistics.ratio)(list(new), list(old))
        covered += found.low <= 1.05 <= found.high
    assert 0.92 <= covered / trials <= 0.98


def test_an_interval_needs_two_processes() -> None:
    with pytest.raises(ValueError, match="two processes"):
        latency_statistics.ratio([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="two pairs"):
        latency_statistics.paired_ratio([1.0, 2.0], [1.0])


def test_spread_and_drift() -> None:
    assert latency_statistics.spread([2.0, 1.0, 1.5]) == 2.0
    assert latency_statistics.drift(np.array([1.0, 1.0, 9.0, 9.0, 1.2, 1.2])) == pytest.approx(1.2)
    assert latency_statistics.drift(np.array([3.0])) == 1.0
