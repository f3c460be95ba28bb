"""Bounds that are none are refused in one line, with what was given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import snapshots
from decisions import CELL

from edgebench.choosing.limits import bounds as bounds_of
from edgebench.choosing.recommendation import Limits
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
from edgebench.core.results import Score, Scores
from edgebench.core.tasks import Task
from edgebench.tasks import multilabel, regression


@pytest.mark.parametrize(
    "bounds",
    [
        {"max_latency_s": -1.0}, {"max_size_bytes": 0}, {"max_memory_bytes": float("nan")},
        {"max_latency_s": float("inf")}, {"max_drop": -0.1}, {"max_drop": float("nan")}, {"max_size_bytes": 10**400},
        {"max_latency_s": "20ms"}, {"min_score": [1]}, {"prefer": "speed"},
    ],
    ids=lambda bounds: repr(bounds)[:40],
)  # fmt: skip
def test_bounds_that_are_none(bounds: dict[str, Any]) -> None:
    with pytest.raises(PlanError) as caught:
        Limits(**bounds)
    snapshots.check_line("errors-limits", repr(bounds)[:40], str(caught.value))


@pytest.mark.parametrize("bounds", [{"min_score": 1.2}, {"min_score": -0.1}, {"max_drop": 1.1}])
def test_bounds_outside_the_range_of_the_metric(bounds: dict[str, Any]) -> None:
    with pytest.raises(PlanError) as caught:
        Limits(**bounds).check(multilabel.METRICS[0])
    snapshots.check_line("errors-limits", f"{bounds} for macro-F1", str(caught.value))
    Limits(**(bounds | {"min_score": None})).check(regression.TASK.metrics(1, "%")[0])


def scored(task: Task, value: float, delta: float) -> Measurement:
    """A cell with the primary metric of a task; half its interval is 0.1."""
    one = Score(task.metrics(1, "")[0], value, value - 0.1, value + 0.1, delta, delta - 0.1, delta + 0.1)
    return replace(CELL, scores=Scores(60, (one,)))


def test_lower_is_better_for_an_error() -> None:
    """Mean absolute errors: at most 5, and at most 0.5 worse than fp32."""
    mae = regression.TASK.metrics(1, "%")[0]
    least, drop = bounds_of(Limits(min_score=5, max_drop=0.5), False, mae)
    good, bad = scored(regression.TASK, 4.8, 0.3), scored(regression.TASK, 5.2, 0.7)
    assert [least.met(good), drop.met(good)] == [True, True] and [least.met(bad), drop.met(bad)] == [False, False]
    assert not least.barely_met(good) and drop.value(good) == pytest.approx(0.3)
    assert least.barely_met(scored(regression.TASK, 4.95, 0.3)) and drop.barely_met(scored(regression.TASK, 4.8, 0.45))
    assert least.miss(bad) == pytest.approx(0.2 / 5) and "0.2000 %" in least.miss_text(bad)
    assert "at most 5 %" in least.text
