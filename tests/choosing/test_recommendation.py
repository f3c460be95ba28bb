"""Which artifact is recommended: what the rule promises for any cells and bounds, and what is said of it."""

from __future__ import annotations

import random as randomness
from pathlib import Path
from typing import Any

import pytest
from decisions import (
    CIRCLE,
    FAST,
    GOOD,
    MIXED,
    SMALL,
    better,
    limits,
    measured,
    one_more,
    only,
    ranking,
    run_of,
    within,
)
from flat_rows import changed, value
from hypothesis import example, given
from hypothesis import strategies as st

from edgebench.choosing import pareto
from edgebench.choosing.pareto import value_of
from edgebench.choosing.recommendation import Limits, recommend
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Measurement
from edgebench.pipeline import run_store

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@given(MIXED, limits())
@example(list(CIRCLE), Limits(prefer="score"))
def test_what_is_recommended(rows: list[Measurement], given: Limits) -> None:
    found = recommend(run_of(rows), given)
    assert {r.target for r in found} == {m.cell.target for m in rows}
    for answer in found:
        there = measured(rows, answer.target)
        fit = [m for m in there if within(m, given)]
        assert (answer.chosen is None) == (not fit)
        assert bool(answer.nearest) == bool(there and not fit)
        if answer.chosen is None:
            continue
        chosen = answer.chosen
        assert chosen in fit, "it meets every bound"
        prefer, figures = ranking(chosen, given)
        assert not [m for m in fit if better(m, chosen, prefer)], "none that meets them is clearly better"
        told = [m for m in fit if value_of(m, prefer) is not None] or fit
        assert chosen in told, "a figure that is not known wins nothing"
        tied = [m for m in told if not any(better(o, m, prefer) for o in told)]
        assert chosen in pareto.undominated(tied, figures), "none that is tied dominates it"
        others = [m for m, _ in answer.rivals]
        assert len(others) == min(2, len(fit) - 1)
        assert len({m.cell.id for m in [chosen, *others]}) == len(others) + 1
        assert all(m in fit for m in others)


@given(MIXED, limits(), st.randoms(use_true_random=False))
@example(list(CIRCLE), Limits(prefer="score"), randomness.Random(0))
def test_the_order_of_rows_plays_no_part(rows: list[Measurement], given: Limits, random: randomness.Random) -> None:
    mixed = rows[:]
    random.shuffle(mixed)
    assert recommend(run_of(mixed), given) == recommend(run_of(rows), given)


@given(MIXED, one_more())
def test_one_more_bound_never_makes_the_preferred_metric_better(
    rows: list[Measurement], given: tuple[Limits, Limits]
) -> None:
    fewer, more = (recommend(run_of(rows), limits) for limits in given)
    for before, after in zip(fewer, more, strict=True):
        if after.chosen is not None:
            assert before.chosen is not None
            assert not better(after.chosen, before.chosen, ranking(after.chosen, given[0])[0])


@pytest.mark.parametrize(
    ("bounds", "chosen"),
    [
        ({}, FAST), ({"prefer": "score"}, GOOD), ({"prefer": "size"}, SMALL), ({"max_drop": 0.0}, GOOD),
        ({"max_size_bytes": 2e6}, SMALL), ({"max_latency_s": 0.002, "min_score": 0.70}, GOOD),
        ({"prefer": "size", "max_memory_bytes": 150e6}, FAST), ({"max_latency_s": 0.002, "prefer": "size"}, FAST),
    ],
)  # fmt: skip
def test_bounds_and_preferences(bounds: dict[str, Any], chosen: Measurement) -> None:
    assert only(recommend(run_of([FAST, GOOD, SMALL]), Limits(**bounds))).chosen == chosen


def test_ties_within_the_noise_go_to_what_is_better_otherwise() -> None:
    slower = changed(FAST, exporter="tied", latency_p50_s=0.00105, latency_p50_low_s=0.00095)
    heavy, accurate = changed(slower, file_size_bytes=3_100_000), changed(slower, macro_f1=0.705)
    assert only(recommend(run_of([FAST, heavy]))).chosen == FAST
    assert only(recommend(run_of([FAST, accurate]))).chosen == accurate
    light = changed(slower, peak_rss_bytes=50_000_000, file_size_bytes=3_100_000)
    assert only(recommend(run_of([FAST, light]))).chosen == light, "none dominates; the product decides"
    both = only(recommend(run_of([FAST, light]))).why
    assert "The 2 cells share the lowest latency within the noise." in both
    assert "smallest product of latency, file and memory" in both


def test_where_all_is_the_same_the_name_decides() -> None:
    twins = [changed(FAST, exporter="b"), changed(FAST, exporter="a")]
    for rows in (twins, twins[::-1]):
        assert only(recommend(run_of(rows))).chosen == twins[1]
        assert only(recommend(run_of(rows), Limits(max_size_bytes=1))).nearest[0][0] == twins[1]


@pytest.mark.parametrize("gone", [None, 0])
def test_memory_that_is_not_known_wins_nothing(gone: int | None) -> None:
    unknown = changed(FAST, exporter="unknown", peak_rss_bytes=gone)
    ahead = changed(unknown, latency_p50_s=0.0005, latency_p50_low_s=0.0004, latency_p50_high_s=0.0006)
    answer = only(recommend(run_of([ahead, GOOD, SMALL]), Limits(prefer="memory")))
    assert answer.chosen == GOOD
    assert "It has the least memory of the 3 cells (2 of them with a known memory), beyond the noise." in answer.why
    twins = only(recommend(run_of([unknown, FAST])))
    assert twins.chosen == FAST, "in the product it counts as infinite"
    assert "memory unknown" in twins.rivals[0][1]
    (near,) = only(recommend(run_of([unknown]), Limits(max_memory_bytes=1e9))).nearest
    assert near[1] == (
        "1.00 ms, 3.00 MB, memory unknown, macro-F1 0.690; whether it meets memory at most 1 GB is not known"
    )
    none = only(recommend(run_of([unknown, ahead]), Limits(prefer="memory")))
    assert none.why.startswith("The memory of none of the 2 cells is known. It dominates the other.")
    light = changed(GOOD, macro_f1=0.689, file_size_bytes=1_000_000, peak_rss_bytes=gone)
    both = only(recommend(run_of([unknown, light]), Limits(prefer="score")))
    assert both.chosen == light and both.why.startswith("The 2 cells share the highest macro-F1 within the noise.")
    assert both.why.endswith("of these it has the smallest product of latency and file.")


@pytest.mark.parametrize("name", ["latency_p50_s", "file_size_bytes", "macro_f1"])
def test_a_cell_without_a_metric_is_not_compared(name: str) -> None:
    for nothing in (None,) if name == "macro_f1" else (None, 0):
        figures: dict[str, Any] = {name: nothing}
        gone = changed(FAST, exporter="gone", **figures)
        answer = only(recommend(run_of([gone, GOOD])))
        assert (answer.chosen, answer.rivals) == (GOOD, ())


def test_an_emulated_latency_is_neither_bounded_nor_preferred() -> None:
    rows = [changed(m, target="pi", emulated=True, verdict="emulated") for m in (FAST, SMALL)]
    answer = only(recommend(run_of(rows), Limits(max_latency_s=0.0001)))
    assert answer.chosen == rows[1], "the smallest file"
    assert "emulated here, so its latency says nothing; the smallest file is preferred instead" in answer.why
    assert "the bound of 100 µs on latency was not checked" in answer.why
    assert not any("latency" in text for _, text in answer.rivals)
    assert "ms" not in "".join(text for _, text in answer.rivals)
    none = only(recommend(run_of(rows), Limits(min_score=0.9, max_latency_s=0.0001)))
    assert none.chosen is None
    assert "the bound of 100 µs on latency was not checked" in none.why and "preferred" not in none.why
    assert [text for _, text in none.nearest] == [
        "1.00 MB, 300 MB memory, macro-F1 0.702; misses macro-F1 at least 0.9 by 0.1980"
    ]


def test_cells_without_a_score_are_never_recommended() -> None:
    failed = changed(FAST, status="failed", reason="it broke")
    assert only(recommend(run_of([failed, changed(FAST, exporter="x", macro_f1=None), SMALL]))).chosen == SMALL
    nothing = only(recommend(run_of([failed])))
    assert (nothing.chosen, nothing.why) == (None, "No cell on host was measured completely: 1 failed.")
    assert recommend(run_of([])) == []


def test_machines_targets_and_data_sets_are_answered_apart() -> None:
    board = [changed(m, host="a board", run="s") for m in (FAST, SMALL)]
    found = recommend(run_of([GOOD, *board, changed(SMALL, target="pi"), changed(FAST, dataset="others")]))
    assert [(r.target, r.host, r.chosen and r.chosen.cell.exporter) for r in found] == [
        ("host", "a board", "fast"), ("host", "a machine, others", "fast"), ("host", "a machine, records", "good"),
        ("pi", "a machine, records", "small"),
    ]  # fmt: skip
    assert [r.target for r in recommend(run_of([GOOD, changed(SMALL, target="pi")]), target="pi")] == ["pi"]
    with pytest.raises(PlanError, match="r has no cell on a target 'tpu'; there is host"):
        recommend(run_of([GOOD]), target="tpu")


@pytest.mark.parametrize("folder", sorted(p.parent for p in REFERENCE.glob("*/plan.json")), ids=lambda p: p.name)
def test_published_runs(folder: Path) -> None:
    run = run_store.read(folder)
    held = any(
        value(m, "delta_macro_f1") is not None for m in run.measurements
    )  # against an fp32 model, which `arm` has not
    for answer in recommend(run, Limits(max_drop=0.01) if held else Limits()):
        assert answer.chosen and (value(answer.chosen, "delta_macro_f1") or 0) >= -0.01
        fit = [
            m for m in run.measurements if (value(m, "delta_macro_f1") or 0) >= -0.01 and m.host == answer.chosen.host
        ]
        left_out = "has no manifest" if folder.name == "arm" else "does not hold it any more"
        assert left_out in answer.file, "artifacts are left out when a run is published"
        assert (answer.sha256, answer.path) == (value(answer.chosen, "artifact_sha256"), None)
        assert answer.chosen.emulated or answer.chosen.cell.id in pareto.front(fit)
        compile(answer.snippet, "snippet", "exec")
