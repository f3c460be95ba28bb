from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compared_runs import CELL, MACHINE, run_of, slower, written
from flat_rows import changed, value

from edgebench.choosing import comparison, gate
from edgebench.core.errors import PlanError, RunError
from edgebench.core.settings import Bounds


def test_ratios_of_two_runs() -> None:
    (pair,) = comparison.compared(run_of(slower(1.2, file_size_bytes=1500, macro_f1=0.69)), run_of(CELL))
    assert pair.latency is not None
    assert pair.latency.ratio == pytest.approx(1.2)
    assert 1 < pair.latency.low < 1.2 < pair.latency.high
    assert (pair.label, pair.size, pair.memory) == ("slower", 1.5, 1.0)
    named: Any = pair  # by names of earlier versions
    assert named.f1_change == pytest.approx(-0.01)
    (same,) = comparison.compared(run_of(CELL), run_of(CELL))
    assert (same.label, same.score_change) == ("alike", 0.0)


def test_what_may_be_slower_or_faster_is_undecided_and_what_is_surely_close_is_alike() -> None:
    unsure = changed(CELL, process_medians_s=(0.005, 0.010, 0.020))
    assert comparison.compared(run_of(unsure), run_of(CELL))[0].label == "undecided"
    close = changed(CELL, process_medians_s=tuple(1.002 * t for t in value(CELL, "process_medians_s")))
    assert comparison.compared(run_of(close), run_of(CELL))[0].label in ("alike", "slower")
    assert comparison.compared(run_of(slower(1.2)), run_of(CELL))[0].label == "slower"


def test_a_run_without_a_measured_cell_is_no_baseline(tmp_path: Path) -> None:
    failing = changed(CELL, status="failed", reason="it broke")
    with pytest.raises(RunError):
        comparison.write_baseline(run_of(failing), tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()
    with pytest.raises(RunError):
        comparison.within(run_of(failing), "onnx")


def test_other_machines_are_refused_unless_asked() -> None:
    elsewhere = run_of(CELL, name="there", machine={"fingerprint": "def", "cpu": "Another", "board": "A Board"})
    with pytest.raises(PlanError, match=r"\(abc\).*\(def\)"):
        comparison.compared(run_of(CELL), elsewhere)
    assert len(comparison.compared(run_of(CELL), elsewhere, across=True)) == 1


def test_other_threads_are_refused_too() -> None:
    one, two = (run_of(CELL, name=str(n), machine=MACHINE | {"target_threads": {"host": n}}) for n in (1, 2))
    with pytest.raises(PlanError, match=r"\bhost\b.*--across-machines"):
        comparison.compared(one, two)
    assert len(comparison.compared(one, two, across=True)) == 1


def test_runs_without_a_common_cell_are_refused() -> None:
    with pytest.raises(RunError, match="run"):
        comparison.compared(run_of(CELL), run_of(changed(CELL, exporter="eager")))


def test_cells_of_one_run_are_compared_round_by_round() -> None:
    # A slow second round hits both alike: pairs resolve a tenth where separate means would not.
    slow = changed(CELL, process_medians_s=(0.010, 0.020, 0.010))
    slower_yet = changed(slow, exporter="eager", process_medians_s=(0.0110, 0.0221, 0.0110))
    (pair,) = comparison.within(run_of(slow, slower_yet), "onnx")
    assert pair.new.cell.exporter == "eager"
    assert pair.latency is not None
    assert pair.latency.ratio == pytest.approx(1.1, rel=0.005)
    assert pair.label == "slower"
    apart = comparison.compared(run_of(changed(slower_yet, exporter="onnx")), run_of(slow))
    assert apart[0].label == "undecided"


def test_a_variant_can_be_the_base() -> None:
    pruned = changed(CELL, variant="l1-0.4")
    for base in ("onnx · l1-0.4", "onnx/l1-0.4"):
        assert [p.new for p in comparison.within(run_of(CELL, pruned), base)] == [CELL]
    with pytest.raises(RunError, match=r"'tflite'.*\bonnx, onnx ·"):
        comparison.within(run_of(CELL, pruned), "tflite")


STEERING = "\x1b[31m\u202e\x07"


def test_why_runs_are_unlike_steers_nothing() -> None:
    other = run_of(CELL, machine={"fingerprint": "other", "cpu": f"{STEERING}cpu"})
    with pytest.raises(PlanError) as told:
        comparison.compared(run_of(CELL), other)
    assert "\ufffd[31m\ufffd\ufffdcpu (other)" in str(told.value) and "\x1b" not in str(told.value)
    ours, theirs = (run_of(CELL, machine={**MACHINE, "target_threads": {f"{STEERING}x": n}}) for n in (1, 2))
    with pytest.raises(PlanError, match="on \ufffd"):
        gate.regressions(ours, theirs, Bounds())


def test_scripts_of_earlier_versions_find_the_old_names(tmp_path: Path) -> None:
    written(tmp_path / "old", CELL)
    (pair,) = comparison.compare(tmp_path / "old", tmp_path / "old")
    assert pair.said == pair.label


def test_the_difference_of_two_scores_of_one_run_has_its_interval() -> None:
    """That to the fp32 network, and that of two calibrations, which is turned round with the pair."""
    eager = changed(CELL, exporter="eager", variant="none")
    first = changed(CELL, exporter="fbgemm-int8:minmax", macro_f1=0.6, delta_low=-0.12, delta_high=-0.08)
    second = changed(
        CELL, exporter="fbgemm-int8:histogram", macro_f1=0.65, counterpart="fbgemm-int8:minmax",
        counterpart_delta=0.05, counterpart_low=0.03, counterpart_high=0.08,
    )  # fmt: skip
    run = run_of(eager, first, second)

    def intervals(base: str) -> dict[str, Any]:
        return {pair.new.cell.exporter: pair.score_interval for pair in comparison.within(run, base)}

    assert intervals("eager")["fbgemm-int8:minmax"] == (-0.12, -0.08)
    assert intervals("fbgemm-int8:minmax") == {"eager": None, "fbgemm-int8:histogram": (0.03, 0.08)}
    assert intervals("fbgemm-int8:histogram") == {"eager": None, "fbgemm-int8:minmax": (-0.08, -0.03)}
    assert all(pair.score_interval is None for pair in comparison.compared(run, run_of(eager, first, second)))
