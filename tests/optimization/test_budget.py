"""Where the time of a search goes."""

from __future__ import annotations

from dataclasses import replace

import fed_trials
import pytest
from fed_trials import RECORDS

from edgebench.optimization import budget
from edgebench.optimization.budget import Pace
from edgebench.pipeline.trials import Batch, Step

SLOW = fed_trials.row("eager", latency_p50_s=0.05, delta_macro_f1=0.0)
FAST = fed_trials.row("onnx-int8", latency_p50_s=1e-3, delta_macro_f1=0.0)
OTHER = fed_trials.row("onnx", latency_p50_s=2e-3, delta_macro_f1=0.0)


def of(seconds: float, *batches: Batch, records: int = RECORDS) -> budget.Budget:
    return budget.of(fed_trials.request(seconds), batches, records)


def test_the_final_run_is_estimated_from_the_trials() -> None:
    batch = fed_trials.batch(SLOW, FAST, OTHER)
    found = of(600, batch)
    m = found.measuring
    slow, fast, other = (Pace(seconds, seconds) for seconds in (0.05, 1e-3, 2e-3))
    timed = RECORDS * 0.05 + m.processes * (m.min_samples + m.warmup) * 0.05
    assert found.cell_s(slow) == pytest.approx(timed + (m.processes + 2) * found.process_s)
    assert found.cell_s(Pace(0.05, 0.01)) < found.cell_s(slow), "scores are computed without contention"
    assert found.final_s(2) > found.final_s(1) > sum(map(found.cell_s, (slow, fast, other))) - 1
    assert found.left_s == pytest.approx(600 - 10 - found.reserve_s(found.finalists))


def test_little_time_has_one_finalist_and_much_time_several() -> None:
    batch = fed_trials.batch(FAST, *(fed_trials.row(f"onnx:{i}", delta_macro_f1=0.0) for i in range(5)))
    assert of(60, batch).finalists == 1
    assert of(3600, fed_trials.batch(FAST, OTHER)).finalists == 2, "one may still come"
    assert of(3600, batch).finalists == budget.MOST_FINALISTS


def test_a_final_run_without_time_has_a_limit_for_each_cell() -> None:
    batch = fed_trials.batch(SLOW, FAST, seconds=80)
    assert of(600, batch).in_time(3).max_seconds is None
    limited = of(100, batch).in_time(3).max_seconds
    assert limited is not None and limited >= budget.LEAST_CELL_S
    assert of(100, batch).reserve_s(1) == budget.FINAL_SHARE * 100 < of(100, batch).final_s(1)


def test_what_saw_few_records_keeps_time_for_the_others() -> None:
    batch = fed_trials.batch(FAST, OTHER)
    assert of(600, batch).confirm_s == 0
    assert of(600, batch, records=4000).confirm_s > 0
    confirm = Step("confirm", (), (), candidates=(("none", "onnx", 0),))
    assert of(600, batch, records=4000).seconds_for(confirm) > of(600, batch, records=4000).left_s


def test_the_first_batch_may_take_half() -> None:
    assert of(100).seconds_for(Step("survey", ("none",), ("onnx",))) == 50
    empty = replace(fed_trials.batch(FAST), trials=(), process_s=None)
    assert of(100, empty).trial_s == 0
