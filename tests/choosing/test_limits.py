"""Bounds outside of the metric's range are refused; a drop is always bounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import snapshots
from decisions import CELL

from edgebench.choosing.limits import bounds as bounds_of
from edgebench.choosing.limits import check, drop, lost
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy
from edgebench.core.results import Score, Scores
from edgebench.core.tasks import Task
from edgebench.tasks import multilabel, regression


@pytest.mark.parametrize("bounds", [{"min_score": 1.2}, {"min_score": -0.1}, {"max_drop": 1.1}])
def test_bounds_outside_the_range_of_the_metric(bounds: dict[str, Any]) -> None:
    with pytest.raises(PlanError) as caught:
        check(Policy(**bounds), multilabel.METRICS[0])
    snapshots.check_line("errors-limits", f"{bounds} for macro-F1", str(caught.value))
    check(Policy(**(bounds | {"min_score": None})), regression.TASK.metrics(1, "%")[0])


def scored(task: Task, value: float, delta: float) -> Measurement:
    """A cell with the primary metric of a task; half its interval is 0.1."""
    one = Score(task.metrics(1, "")[0], value, value - 0.1, value + 0.1, delta, delta - 0.1, delta + 0.1)
    return replace(CELL, scores=Scores(60, (one,)))


def test_lower_is_better_for_an_error() -> None:
    """Mean absolute errors: at most 5, and at most 0.5 worse than fp32."""
    mae = regression.TASK.metrics(1, "%")[0]
    least, drop = bounds_of(Policy(min_score=5, max_drop=0.5), False, mae)
    good, bad = scored(regression.TASK, 4.8, 0.3), scored(regression.TASK, 5.2, 0.7)
    assert [least.met(good), drop.met(good)] == [True, True] and [least.met(bad), drop.met(bad)] == [False, False]
    assert not least.barely_met(good) and drop.value(good) == pytest.approx(0.3)
    assert least.barely_met(scored(regression.TASK, 4.95, 0.3)) and drop.barely_met(scored(regression.TASK, 4.8, 0.45))
    assert least.miss(bad) == pytest.approx(0.2 / 5) and "0.2000 %" in least.miss_text(bad)
    assert "at most 5 %" in least.text


def test_without_a_bound_the_usual_drop_is_allowed() -> None:
    """0.01 of macro-F1; 5 % of the fp32 network's error, which differs between networks."""
    f1, mae = multilabel.METRICS[0], regression.TASK.metrics(1, "%")[0]
    for task, metric, good, bad in (
        (multilabel.TASK, f1, (0.69, -0.01), (0.689, -0.011)),
        (regression.TASK, mae, (4.2, 0.2), (4.21, 0.21)),
    ):
        bound = drop(Policy(), metric)
        assert bound.met(scored(task, *good)) and not bound.met(scored(task, *bad))
        assert [lost(scored(task, *one), Policy()) for one in (good, bad)] == [False, True]
        assert not lost(scored(task, *bad), Policy(max_drop=0.3))
    unknown = replace(CELL, scores=Scores(60, (Score(f1, 0.1),)))
    assert drop(Policy(), f1).met(unknown) and not drop(Policy(max_drop=0.01), f1).met(unknown)
    assert not lost(unknown, Policy(max_drop=0.01)), "nobody knows"
