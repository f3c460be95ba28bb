from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compared_runs import CELL, MACHINE, run_of, slower
from flat_rows import changed

from edgebench.choosing import comparison, gate
from edgebench.core.errors import PlanError, RunError
from edgebench.core.measurements import Measurement
from edgebench.core.results import Score, Scores
from edgebench.core.settings import Bounds
from edgebench.measuring.latency_statistics import Ratio
from edgebench.tasks import regression


def test_a_gate_says_what_is_too_noisy_to_judge() -> None:
    unsure = changed(CELL, process_medians_s=(0.005, 0.010, 0.020))
    bounds = Bounds()
    pairs, lines = gate.regressions(run_of(unsure), run_of(CELL), bounds)
    assert lines == []
    assert pairs[0].latency is not None
    assert f"{pairs[0].latency.high:.2f} times" in gate.unsure(pairs, bounds)
    same, _ = gate.regressions(run_of(CELL), run_of(CELL), Bounds(slowdown=0.5))
    assert gate.unsure(same, Bounds(slowdown=0.5)) == ""


def test_what_may_be_over_the_bound_is_undecided_even_if_slower() -> None:
    barely = comparison.Compared(CELL, CELL, Ratio(1.028, 1.001, 1.30), 1.0, 1.0, 0.0)
    assert gate.unsure([barely], Bounds())
    worse = comparison.Compared(CELL, CELL, Ratio(1.2, 1.1, 1.30), 1.0, 1.0, 0.0)
    assert gate.unsure([worse], Bounds()) == "", "it is a line of its own"


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


def test_only_the_metrics_that_were_asked_for_are_compared() -> None:
    """What a shared machine cannot say is left out; size and score are those of any machine."""
    now, other = slower(1.2, file_size_bytes=1020, peak_rss_bytes=200_000), {**MACHINE, "fingerprint": "def"}
    _, found = gate.regressions(run_of(now), run_of(CELL), Bounds(metrics=("size", "memory")))
    assert [finding.metric for finding in found] == ["size", "memory"]
    elsewhere = run_of(now, machine=other)
    _, found = gate.regressions(elsewhere, run_of(CELL), Bounds(metrics=("size", "score")))
    assert [finding.metric for finding in found] == ["size"]
    with pytest.raises(PlanError, match="measured on"):
        gate.regressions(elsewhere, run_of(CELL), Bounds(metrics=("memory",)))
    failed = changed(CELL, status="failed", reason="it broke")
    _, found = gate.regressions(run_of(failed), run_of(CELL), Bounds(metrics=("size",)))
    assert [finding.kind for finding in found] == ["missing"]


@pytest.mark.parametrize(("was", "now", "worse"), [(10.0, 10.2, False), (10.0, 10.3, True), (1e-3, 1.1e-3, True)])
def test_what_an_error_may_grow_by_is_a_share_of_it(was: float, now: float, worse: bool) -> None:
    """An absolute bound would let any error of a small unit pass, and none of a large one."""
    mae = regression.TASK.metrics(1, "ml")[0]

    def measured(value: float) -> Measurement:
        return replace(CELL, scores=Scores(60, (Score(mae, value, value, value),)))

    _, findings = gate.regressions(run_of(measured(now)), run_of(measured(was)), Bounds())
    assert [(f.kind, f.metric) for f in findings] == ([("worse", "score")] if worse else [])
    assert all(" ml; an increase of " in f.reason for f in findings)


def test_a_slowdown_within_the_noise_is_none() -> None:
    shaky = changed(CELL, process_medians_s=(0.009, 0.0125, 0.0105))
    _, lines = gate.regressions(run_of(shaky), run_of(CELL), Bounds())
    assert lines == []


def test_a_slower_median_counts_only_where_the_fastest_sample_is_slower_too() -> None:
    """Hand-made: the median rose by 10 %; of the fastest sample 1.5 % are half of the bound."""
    was = changed(CELL, latency_min_s=0.0100)
    disturbed, slowed = slower(1.1, latency_min_s=0.01014), slower(1.1, latency_min_s=0.01016)
    _, lines = gate.regressions(run_of(disturbed), run_of(was), Bounds(slowdown=0.03))
    (finding,) = lines
    assert (finding.kind, finding.metric) == ("undecided", "latency") and "1.014 times the fastest" in finding.reason
    _, (finding,) = gate.regressions(run_of(slowed), run_of(was), Bounds(slowdown=0.03))
    assert (finding.kind, finding.metric) == ("worse", "latency")


def test_a_cell_that_is_gone_is_a_regression() -> None:
    gone = changed(CELL, exporter="eager")
    _, (finding,) = gate.regressions(run_of(CELL), run_of(CELL, gone), Bounds())
    assert (finding.kind, finding.cell, finding.metric) == ("missing", gone.cell, None)


def test_a_run_whose_cells_all_failed_is_worse_and_not_an_error() -> None:
    broken = changed(CELL, status="failed", reason="it broke")
    pairs, (finding,) = gate.regressions(run_of(broken), run_of(CELL), Bounds())
    assert pairs == [] and finding.kind == "missing" and finding.reason == "failed: it broke"
    with pytest.raises(RunError):
        gate.regressions(run_of(CELL), run_of(broken), Bounds())


BUSY = {"verdict": "noisy", "verdict_reason": "others kept 1.7 cores busy", "background_cores": 1.7}


@pytest.mark.parametrize(
    ("now", "was", "kind"),
    [
        (slower(1.2, **BUSY), CELL, "undecided"),
        (slower(1.2, verdict="throttled", verdict_reason="slowed down (heat)"), CELL, "undecided"),
        (changed(CELL, **BUSY), CELL, None),
        (CELL, changed(CELL, **BUSY), "undecided"),
        (slower(1.2), changed(CELL, **BUSY), "worse"),
        (slower(1.2, background_cores=0.1), CELL, "worse"),
        (slower(1.2, **BUSY, file_size_bytes=2000), CELL, "worse"),
    ],
)
def test_where_a_run_was_disturbed(now: Measurement, was: Measurement, kind: str | None) -> None:
    """A disturbed new run proves no slowdown, a disturbed baseline proves that there is none as little."""
    _, findings = gate.regressions(run_of(now), run_of(was), Bounds())
    assert gate.exit_code(findings) == (gate.EXIT_CODES[kind] if kind else 0)  # type: ignore[index]
    for finding in findings:
        if finding.kind == "undecided" and "heat" not in finding.reason:
            assert "others kept 1.7 cores busy" in finding.reason
    assert all(not gate.timing(pair, Bounds(), in_turns=True) for pair in comparison.shared(run_of(CELL), run_of(was)))


def test_each_kind_has_an_exit_code_of_its_own() -> None:
    assert len(set(gate.EXIT_CODES.values())) == 4 and not {0, 2} & set(gate.EXIT_CODES.values())
    gone = changed(CELL, exporter="gone")
    _, findings = gate.regressions(run_of(slower(1.2), changed(gone, records=30)), run_of(CELL, gone), Bounds())
    assert {f.kind for f in findings} == {"worse", "not comparable"} and gate.exit_code(findings) == 1
    _, findings = gate.regressions(run_of(changed(CELL, records=30)), run_of(CELL, gone), Bounds())
    assert gate.exit_code(findings) == gate.EXIT_CODES["missing"]


def sampled(rng: np.random.Generator, factor: float, busy: float = 0.0) -> Measurement:
    """A cell of 15 processes as on a quiet machine: medians spread by 1 %; `busy` cores slow some samples."""
    medians = 0.010 * factor * np.exp(rng.normal(0, 0.01, 15)) * (1 + busy * rng.uniform(0, 0.5, 15))
    return changed(
        CELL, process_medians_s=tuple(medians.tolist()), latency_p50_s=float(np.median(medians)),
        latency_min_s=0.0095 * factor * (1 + busy * rng.uniform(0, 0.2)), background_cores=busy,
        verdict="noisy" if busy else "stable",
    )  # fmt: skip


def test_sensitivity_and_false_alarms_by_simulation() -> None:
    rng = np.random.default_rng(0)

    def kinds(factor: float, busy: float = 0.0) -> list[str]:
        new, old = run_of(sampled(rng, factor, busy)), run_of(sampled(rng, 1.0))
        return [f.kind for f in gate.regressions(new, old, Bounds())[1]]

    assert sum(kinds(1.05) == ["worse"] for _ in range(100)) >= 90
    assert sum("worse" in kinds(1.0) for _ in range(100)) <= 5
    disturbed = [kinds(1.0, busy=1.0) for _ in range(100)]
    assert not any("worse" in found for found in disturbed) and any(found == ["undecided"] for found in disturbed)
