from __future__ import annotations

import numpy as np
import pytest

from edgebench.core.errors import DataError
from edgebench.tasks.regression import TASK, Regression
from edgebench.tasks.scoring import Scoring

RNG = np.random.default_rng(0)
TARGETS = RNG.normal(size=200)
BETTER = (TARGETS + RNG.normal(0, 0.1, 200))[:, None].astype(np.float32)
WORSE = BETTER + np.float32(0.5)


def test_each_metric_has_its_interval_and_its_paired_difference() -> None:
    scoring = Scoring(TASK, TARGETS, 1, "mm")
    reference = scoring.scored(BETTER, ())
    found = {one.metric.name: one for one in scoring.compared(scoring.scored(WORSE, ()), reference)}
    assert list(found) == ["mae", "rmse", "r2", "bias"] and found["mae"].metric.unit == "mm"
    for name, one in found.items():
        assert one.low is not None and one.high is not None and one.low < one.value < one.high
        assert one.delta is not None and one.delta == pytest.approx(one.value - reference.values[name])
        assert one.delta_low is not None and one.delta_high is not None and one.delta_low <= one.delta <= one.delta_high
    assert found["bias"].delta == pytest.approx(0.5, abs=1e-6)
    assert found["bias"].delta_high == pytest.approx(0.5, abs=1e-6), "both move together"
    alone = scoring.compared(reference)[0]
    assert alone.delta is None and alone.value == reference.values["mae"]


class Wrong(Regression):
    """A task whose metric has a wrong value."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = value

    def score(self, targets, outputs, state, weights):  # type: ignore[no-untyped-def]
        return {"mae": self.value}


@pytest.mark.parametrize("value", [np.array([np.nan]), np.array(1.0), np.array([1.0, 2.0]), np.array([np.inf])])
def test_a_metric_that_is_no_number_is_refused(value: np.ndarray) -> None:
    with pytest.raises(DataError, match="mae"):
        Scoring(Wrong(value), TARGETS, 1).scored(BETTER, ())
