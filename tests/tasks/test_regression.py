from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from edgebench.core.errors import DataError
from edgebench.tasks.regression import TASK

RNG = np.random.default_rng(0)
TARGETS = RNG.normal(55, 12, 400)
OUTPUTS = (TARGETS + RNG.normal(1, 5, 400))[:, None].astype(np.float32)


def test_the_metrics_are_scikit_learns() -> None:
    found = {name: float(value[0]) for name, value in TASK.score(TARGETS, OUTPUTS, (), None).items()}
    answers = OUTPUTS[:, 0].astype(np.float64)
    assert found == {
        "mae": pytest.approx(mean_absolute_error(TARGETS, answers), abs=1e-12),
        "rmse": pytest.approx(root_mean_squared_error(TARGETS, answers), abs=1e-12),
        "r2": pytest.approx(r2_score(TARGETS, answers), abs=1e-12),
        "bias": pytest.approx((answers - TARGETS).mean(), abs=1e-12),
    }
    assert [m.name for m in TASK.metrics(1, "%")] == ["mae", "rmse", "r2", "bias"]
    assert [m.unit for m in TASK.metrics(1, "%")] == ["%", "%", "", "%"]


def test_several_outputs_are_averaged_as_scikit_learn_does() -> None:
    targets = RNG.normal(size=(300, 3)) * (1, 10, 100)
    outputs = (targets + RNG.normal(size=(300, 3))).astype(np.float32)
    found = TASK.score(targets, outputs, (), None)
    assert found["r2"] == pytest.approx([r2_score(targets, outputs)], abs=1e-9)
    assert found["rmse"] == pytest.approx([root_mean_squared_error(targets, outputs)], abs=1e-9)
    each = TASK.by_class(targets, outputs, ())["mae_by_output"]
    assert each == pytest.approx(mean_absolute_error(targets, outputs, multioutput="raw_values"), abs=1e-9)


def test_a_weighted_sample_is_the_repeated_records() -> None:
    times = RNG.integers(3, size=400)
    weighted = TASK.score(TARGETS, OUTPUTS, (), np.array([times], np.float32) * 400 / times.sum())
    repeated = TASK.score(np.repeat(TARGETS, times), np.repeat(OUTPUTS, times, axis=0), (), None)
    for name, value in repeated.items():
        assert weighted[name] == pytest.approx(value, rel=1e-5)


def test_metrics_by_hand() -> None:
    found = TASK.score(np.array([1.0, 2, 3, 4]), np.array([[1], [2], [3], [8]], np.float32), (), None)
    # Errors 0, 0, 0, 4: MAE 1, RMSE 2, squared error 16 around a spread of 5.
    assert {k: v[0] for k, v in found.items()} == pytest.approx({"mae": 1, "rmse": 2, "bias": 1, "r2": 1 - 16 / 5})


def test_r2_is_left_out_where_all_targets_are_equal() -> None:
    assert "r2" not in TASK.score(np.full(9, 0.1), OUTPUTS[:9], (), None)


def test_agreement_is_within_a_share_of_the_spread() -> None:
    others = np.array([[0.0], [10.0]], np.float32)  # standard deviation 5, so answers may differ by 0.25
    assert TASK.agree(others + np.array([[0.2], [0.3]], np.float32), others, (), ()) == 0.5


@pytest.mark.parametrize(
    "targets", [np.array([1.0, np.nan]), np.array([1.0, np.inf]), np.zeros((2, 2)), np.array(["a", "b"])]
)
def test_targets_that_do_not_fit_are_refused(targets: np.ndarray) -> None:
    with pytest.raises(DataError):
        TASK.check(targets, 1)
