"""What the final run measures."""

from __future__ import annotations

from dataclasses import replace

import fed_trials
from flat_rows import changed
from report_rows import run_of

from edgebench.core.contracts import REFERENCE
from edgebench.optimization import finish
from edgebench.pipeline.trials import Batch, Step, Trial

GOOD = fed_trials.row("onnx", latency_p50_s=1e-3, delta_macro_f1=-0.001)
BETTER = fed_trials.row("onnx-int8:entropy", latency_p50_s=5e-4, delta_macro_f1=-0.002)
LOST = fed_trials.row("other-int8", latency_p50_s=1e-4, delta_macro_f1=-0.1)
BASE = fed_trials.row("onnx-int8", latency_p50_s=4e-4, delta_macro_f1=0.0)
ITSELF = fed_trials.row(REFERENCE, latency_p50_s=5e-3, delta_macro_f1=0.0)


def test_finalists_are_within_the_bound_and_neither_the_network_nor_the_baseline() -> None:
    batch = fed_trials.batch(ITSELF, BASE, GOOD, BETTER, LOST)
    assert [t.exporter for t in finish.finalists(fed_trials.request(), [batch], 4)] == ["onnx-int8:entropy", "onnx"]
    assert len(finish.finalists(fed_trials.request(), [batch], 1)) == 1


def test_confirmed_trials_decide_alone() -> None:
    worse = fed_trials.row("onnx-int8:entropy", latency_p50_s=5e-4, delta_macro_f1=-0.03)
    confirmed = Batch(Step("confirm", (), (), candidates=(("none", "x", 0),)), 1, (Trial(worse), Trial(GOOD)))
    batches = [fed_trials.batch(GOOD, BETTER), confirmed]
    assert [t.exporter for t in finish.finalists(fed_trials.request(), batches, 4)] == ["onnx"]


def test_of_one_network_trained_twice_the_better_is_measured() -> None:
    short, long = (
        fed_trials.row("onnx", "structured-0.7", epochs, latency_p50_s=p50, delta_macro_f1=0.0)
        for epochs, p50 in ((1, 2e-3), (3, 1e-3))
    )
    batches = [replace(fed_trials.batch(short), trials=(Trial(short, 1), Trial(long, 3)))]
    assert [t.epochs for t in finish.finalists(fed_trials.request(), batches, 4)] == [3]


def test_the_command_builds_what_was_tried() -> None:
    command = finish.rebuild(fed_trials.request(), Trial(fed_trials.row("onnx", "structured-0.7"), 3), "ship")
    for part in ("--variant structured-0.7", "--exporter onnx", "--finetune-epochs 3", "-o ship", "--model resnet1d"):
        assert part in command


def test_what_the_validation_records_would_not_choose_is_said() -> None:
    batch = fed_trials.batch(ITSELF, BASE, LOST)
    lucky = changed(LOST, delta_macro_f1=0.0, macro_f1=0.7)  # on the test records
    run = run_of(ITSELF, BASE, lucky)
    asked = fed_trials.request()
    assert "other-int8" in finish.compared(asked, run)
    assert BASE.cell.name in finish.doubted(asked, run, [batch])
    assert finish.doubted(asked, run_of(ITSELF, BASE), [batch]) == ""
    assert finish.picked(asked, [batch]) == Trial(BASE)


def test_a_search_that_found_nothing_better_says_so() -> None:
    asked = fed_trials.request()
    assert "Nothing" in finish.compared(asked, run_of(ITSELF, BASE))
    assert "not measured" in finish.compared(asked, run_of(ITSELF, GOOD))
    worst = [changed(m, delta_macro_f1=-0.5) for m in (GOOD, BASE)]
    assert "No artifact" in finish.compared(asked, run_of(*worst))
    made = fed_trials.batch(ITSELF, BASE, GOOD)
    assert "--exporter onnx " in finish.shipped(asked, run_of(ITSELF, GOOD), [made])
    assert finish.shipped(asked, run_of(*worst), [made]) == ""
