"""Outputs compared with a reference's, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.core import registry
from edgebench.core.errors import DataError
from edgebench.tasks.comparison import TASK
from edgebench.tasks.scoring import Scoring

REFERENCE = np.array([[3, 4], [1, 0], [0, -2]], np.float32)
OUTPUTS = np.array([[4, 3], [1, 0], [0, 2]], np.float32)


def values(
    outputs: np.ndarray, reference: np.ndarray, task: str = "+comparison", state: tuple[float, ...] = ()
) -> dict[str, float]:
    found = registry.task(task).score(reference, outputs, state, None)
    return {name: float(value[0]) for name, value in found.items()}


def test_by_hand() -> None:
    found = values(OUTPUTS, REFERENCE)
    assert found["cosine"] == pytest.approx((24 / 25 + 1 - 1) / 3)
    assert found["sqnr_db"] == pytest.approx(10 * np.log10((25 + 1 + 4) / (2 + 0 + 16)))
    assert found["largest_error"] == 4
    assert found["same_answer"] == pytest.approx(1 / 3), "the largest output is another one in the first and the last"


@pytest.mark.parametrize(
    ("task", "state", "same"),
    [
        ("classification+comparison", (), 1 / 3),
        ("multilabel+comparison", (), 5 / 6),  # the sign of one of six
        ("multilabel+comparison", (0.5, 0.95), 1.0),  # its logit is 2.94: 4 and 3 are above it, 2 and -2 below
        ("regression+comparison", (), 3 / 6),
    ],
)
def test_what_the_same_answer_is_depends_on_the_networks_task(task: str, state: tuple[float, ...], same: float) -> None:
    assert values(OUTPUTS, REFERENCE, task, state)["same_answer"] == pytest.approx(same)
    assert registry.task(task).agree(OUTPUTS, REFERENCE, state, state) == pytest.approx(same)


def test_one_output_is_compared_over_all_records() -> None:
    found = values(np.array([[1.0], [2.0]], np.float32), np.array([[2.0], [1.0]], np.float32))
    assert found["cosine"] == pytest.approx(4 / 5) and found["sqnr_db"] == pytest.approx(10 * np.log10(5 / 2))


@pytest.mark.parametrize("columns", [1, 2])
def test_the_reference_itself_is_exact_by_definition(columns: int) -> None:
    own = np.random.default_rng(0).normal(size=(40, columns)).astype(np.float32)
    scoring = Scoring(TASK, np.empty((0, 0)), columns).against(own)
    scored = scoring.scored(own, ())
    assert scored.values == {"cosine": 1.0, "largest_error": 0.0, "same_answer": 1.0}
    assert [metric.name for metric in scoring.undefined(scored)] == ["sqnr_db"], "without noise there is no ratio"
    assert np.allclose(scored.samples["cosine"], 1)


def test_intervals_and_differences() -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(size=(100, 4)).astype(np.float32)
    near, far = (own + rng.normal(0, noise, own.shape).astype(np.float32) for noise in (0.01, 0.3))
    scoring = Scoring(TASK, np.empty((0, 0)), 4).against(own)
    found = {one.metric.name: one for one in scoring.compared(scoring.scored(far, ()), scoring.scored(own, ()))}
    cosine = found["cosine"]
    assert cosine.low is not None and cosine.high is not None and cosine.low < cosine.value < cosine.high < 1
    assert cosine.delta == pytest.approx(cosine.value - 1) and cosine.delta_high is not None and cosine.delta_high < 0
    assert found["sqnr_db"].low is not None and found["sqnr_db"].delta is None
    assert found["largest_error"].low is None, "a resampled largest value has no honest interval"
    better = scoring.scored(near, ()).values
    assert better["cosine"] > cosine.value and better["sqnr_db"] > found["sqnr_db"].value
    assert next(metric for metric in scoring.metrics).name == "cosine"


def test_zeros_and_a_missing_reference() -> None:
    zero = np.zeros((2, 3), np.float32)
    assert values(zero, zero)["cosine"] == 1 and values(zero + 1, zero)["cosine"] == 0
    assert "sqnr_db" not in values(zero + 1, zero)
    with pytest.raises(DataError, match="--reference"):
        Scoring(TASK, np.empty((0, 0)), 3).scored(zero, ())
