from __future__ import annotations

import pytest
from compared_runs import CELL, run_of, slower
from flat_rows import changed

from edgebench.choosing import comparison, gate
from edgebench.core.errors import RunError
from edgebench.core.measurements import Measurement
from edgebench.core.settings import Bounds
from edgebench.measuring.latency_statistics import Ratio


def test_a_gate_says_what_is_too_noisy_to_judge() -> None:
    unsure = changed(CELL, process_medians_s=(0.005, 0.010, 0.020))
    bounds = Bounds()
    pairs, lines = gate.regressions(run_of(unsure), run_of(CELL), bounds)
    assert lines == []
    assert pairs[0].latency is not None
    assert f"{pairs[0].latency.high:.2f} times" in gate.undecided(pairs, bounds)
    same, _ = gate.regressions(run_of(CELL), run_of(CELL), Bounds(slowdown=0.5))
    assert gate.undecided(same, Bounds(slowdown=0.5)) == ""


def test_what_may_be_over_the_bound_is_undecided_even_if_slower() -> None:
    barely = comparison.Compared(CELL, CELL, Ratio(1.028, 1.001, 1.30), 1.0, 1.0, 0.0)
    assert gate.undecided([barely], Bounds())
    worse = comparison.Compared(CELL, CELL, Ratio(1.2, 1.1, 1.30), 1.0, 1.0, 0.0)
    assert gate.undecided([worse], Bounds()) == "", "it is a line of its own"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (slower(1.05), ("worse", "latency", 0.010, pytest.approx(0.0105))),
        (slower(1.015), None),
        (slower(0.8), None),
        (changed(CELL, macro_f1=0.694), ("worse", "score", 0.7, 0.694)),
        (changed(CELL, file_size_bytes=1020), ("worse", "size", 1000, 1020)),
        (changed(CELL, peak_rss_bytes=120_000), ("worse", "memory", 100_000, 120_000)),
        (changed(CELL, status="failed", reason="it broke"), ("missing", None, None, None)),
        (changed(CELL, records=30), ("not comparable", "score", 0.7, 0.7)),
        (changed(CELL, process_medians_s=(0.01,)), ("not comparable", "latency", 0.010, 0.010)),
        (changed(CELL, process_medians_s=(), emulated=True), None),
    ],
)
def test_what_a_gate_calls_worse(now: Measurement, expected: tuple[object, ...] | None) -> None:
    other = changed(CELL, exporter="eager")
    _, findings = gate.regressions(run_of(now, other), run_of(CELL, other), Bounds())
    assert [(f.kind, f.metric, f.old, f.new) for f in findings] == ([expected] if expected else [])
    assert all(f.cell == CELL.cell for f in findings)


def test_a_slowdown_within_the_noise_is_none() -> None:
    shaky = changed(CELL, process_medians_s=(0.009, 0.0125, 0.0105))
    _, lines = gate.regressions(run_of(shaky), run_of(CELL), Bounds())
    assert lines == []


def test_a_slower_median_counts_only_where_the_fastest_sample_is_slower_too() -> None:
    """Hand-made: the median rose by 10 %; of the fastest sample 1.5 % are half of the bound."""
    was = changed(CELL, latency_min_s=0.0100)
    disturbed, slowed = slower(1.1, latency_min_s=0.01014), slower(1.1, latency_min_s=0.01016)
    pairs, lines = gate.regressions(run_of(disturbed), run_of(was), Bounds(slowdown=0.03))
    assert lines == []
    (line,) = gate.disturbed(pairs, Bounds(slowdown=0.03))
    assert line.startswith("net onnx on host: 1.100 times the median latency, but 1.014 times the fastest sample")
    pairs, (finding,) = gate.regressions(run_of(slowed), run_of(was), Bounds(slowdown=0.03))
    assert (finding.kind, finding.metric) == ("worse", "latency")
    assert gate.disturbed(pairs, Bounds(slowdown=0.03)) == []


def test_a_cell_that_is_gone_is_a_regression() -> None:
    gone = changed(CELL, exporter="eager")
    _, (finding,) = gate.regressions(run_of(CELL), run_of(CELL, gone), Bounds())
    assert (finding.kind, finding.cell, finding.metric) == ("missing", gone.cell, None)


def test_a_run_whose_cells_all_failed_is_worse_and_not_an_error() -> None:
    broken = changed(CELL, status="failed", reason="it broke")
    pairs, (finding,) = gate.regressions(run_of(broken), run_of(CELL), Bounds())
    assert pairs == [] and finding.kind == "missing" and finding.reason == "failed: it broke"
    with pytest.raises(RunError, match="no measured cell"):
        gate.regressions(run_of(CELL), run_of(broken), Bounds())
