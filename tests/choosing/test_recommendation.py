"""Which artifact is recommended: what the rule promises for any cells and bounds, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from decisions import FAST, GOOD, SMALL, only, run_of
from flat_rows import changed, value

from edgebench.choosing import pareto
from edgebench.choosing.recommendation import recommend
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy
from edgebench.pipeline import run_store

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.mark.parametrize(
    ("bounds", "chosen"),
    [
        ({}, FAST), ({"prefer": "score"}, GOOD), ({"prefer": "size"}, SMALL), ({"max_drop": 0.0}, GOOD),
        ({"max_size_bytes": 2e6}, SMALL), ({"max_latency_s": 0.002, "min_score": 0.70}, GOOD),
        ({"prefer": "size", "max_memory_bytes": 150e6}, FAST), ({"max_latency_s": 0.002, "prefer": "size"}, FAST),
    ],
)  # fmt: skip
def test_bounds_and_preferences(bounds: dict[str, Any], chosen: Measurement) -> None:
    assert only(recommend(run_of([FAST, GOOD, SMALL]), Policy(**bounds))).chosen == chosen


def test_ties_within_the_noise_go_to_what_is_better_otherwise() -> None:
    slower = changed(FAST, exporter="tied", latency_p50_s=0.00102, latency_p50_low_s=0.00095)
    heavy, light = changed(slower, file_size_bytes=3_100_000), changed(slower, peak_rss_bytes=50_000_000)
    assert only(recommend(run_of([FAST, heavy]))).chosen == FAST
    answer = only(recommend(run_of([FAST, light])))
    assert answer.chosen == light
    assert "None of the 2 cells has a better latency beyond the noise" in answer.why
    assert "Nothing is given up beyond the tolerances." in answer.why


def test_it_says_what_is_given_up() -> None:
    answer = only(recommend(run_of([FAST, GOOD, SMALL]), Policy(prefer="score")))
    assert answer.chosen == GOOD
    assert "Given up: 2.00 ms instead of 1.00 ms (net fast); 5.00 MB instead of 1.00 MB (net small)." in answer.why


def test_where_all_is_the_same_the_name_decides() -> None:
    twins = [changed(FAST, exporter="b"), changed(FAST, exporter="a")]
    for rows in (twins, twins[::-1]):
        assert only(recommend(run_of(rows))).chosen == twins[1]
        assert only(recommend(run_of(rows), Policy(max_size_bytes=1))).nearest[0][0] == twins[1]


@pytest.mark.parametrize("gone", [None, 0])
def test_memory_that_is_not_known_wins_nothing(gone: int | None) -> None:
    unknown = changed(FAST, exporter="unknown", peak_rss_bytes=gone)
    ahead = changed(unknown, latency_p50_s=0.0005, latency_p50_low_s=0.0004, latency_p50_high_s=0.0006)
    assert only(recommend(run_of([ahead, GOOD, SMALL]))).chosen == GOOD
    answer = only(recommend(run_of([unknown, FAST])))
    assert answer.chosen == FAST and "memory unknown" in answer.rivals[0][1]
    (near,) = only(recommend(run_of([unknown]), Policy(max_memory_bytes=1e9))).nearest
    assert near[1].endswith("whether it meets memory at most 1 GB is not known")
    alone = only(recommend(run_of([unknown, ahead])))
    assert alone.chosen == ahead and "Its memory is not known." in alone.why


@pytest.mark.parametrize("name", ["latency_p50_s", "file_size_bytes", "macro_f1"])
def test_a_cell_without_a_metric_is_not_compared(name: str) -> None:
    for nothing in (None,) if name == "macro_f1" else (None, 0):
        figures: dict[str, Any] = {name: nothing}
        gone = changed(FAST, exporter="gone", **figures)
        answer = only(recommend(run_of([gone, GOOD])))
        assert (answer.chosen, answer.rivals) == (GOOD, ())


def test_an_emulated_latency_is_neither_bounded_nor_counted() -> None:
    rows = [changed(m, target="pi", emulated=True, verdict="emulated") for m in (FAST, SMALL)]
    answer = only(recommend(run_of(rows), Policy(max_latency_s=0.0001)))
    assert answer.chosen == rows[1], "0.012 of macro-F1 and 3 times the memory count less than a third of the file"
    assert answer.why.startswith("Latency unknown: measure on the device")
    assert "The bound of 100 µs on latency was not checked." in answer.why
    assert "ms" not in "".join(text for _, text in answer.rivals)
    none = only(recommend(run_of(rows), Policy(min_score=0.9, max_latency_s=0.0001)))
    assert none.chosen is None and none.why.startswith("Latency unknown")


def test_cells_without_a_score_are_never_recommended() -> None:
    failed = changed(FAST, status="failed", reason="it broke")
    assert only(recommend(run_of([failed, changed(FAST, exporter="x", macro_f1=None), SMALL]))).chosen == SMALL
    nothing = only(recommend(run_of([failed])))
    assert nothing.chosen is None and "host" in nothing.why and "1 failed" in nothing.why
    assert recommend(run_of([])) == []


def test_machines_targets_and_data_sets_are_answered_apart() -> None:
    board = [changed(m, host="a board", run="s") for m in (FAST, SMALL)]
    found = recommend(run_of([GOOD, *board, changed(SMALL, target="pi"), changed(FAST, dataset="others")]))
    assert [(r.target, r.host, r.chosen and r.chosen.cell.exporter) for r in found] == [
        ("host", "a board", "fast"), ("host", "a machine, others", "fast"), ("host", "a machine, records", "good"),
        ("pi", "a machine, records", "small"),
    ]  # fmt: skip
    assert [r.target for r in recommend(run_of([GOOD, changed(SMALL, target="pi")]), target="pi")] == ["pi"]
    with pytest.raises(PlanError, match=r"'tpu'.*\bhost\b"):
        recommend(run_of([GOOD]), target="tpu")


@pytest.mark.parametrize("folder", sorted(p.parent for p in REFERENCE.glob("*/plan.json")), ids=lambda p: p.name)
def test_published_runs(folder: Path) -> None:
    run = run_store.read(folder)
    for answer in recommend(run):
        assert answer.chosen and (value(answer.chosen, "delta_macro_f1") or 0) >= -0.01
        fit = [
            m for m in run.measurements if (value(m, "delta_macro_f1") or 0) >= -0.01 and m.host == answer.chosen.host
        ]
        left_out = "has no manifest" if folder.name == "arm" else "does not hold it any more"
        assert left_out in answer.file, "artifacts are left out when a run is published"
        assert (answer.sha256, answer.path) == (value(answer.chosen, "artifact_sha256"), None)
        assert answer.chosen.emulated or answer.chosen.cell.id in pareto.front(fit, Policy())
        compile(answer.snippet, "snippet", "exec")
