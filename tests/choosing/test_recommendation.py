"""Which artifact is recommended: what the rule promises for any cells and bounds, and what is said of it."""

from __future__ import annotations

import random as randomness
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from decisions import CIRCLE, cell, cells, limits, one_more, run_of
from hypothesis import example, given
from hypothesis import strategies as st

from edgebench import run_store
from edgebench.choosing import pareto
from edgebench.choosing.pareto import FIGURES, Figure
from edgebench.choosing.recommendation import Limits, Recommendation, recommend
from edgebench.errors import PlanError
from edgebench.measurements import Measurement

MIXED = cells(most=6, emulated=None)
REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def measured(rows: list[Measurement], target: str) -> list[Measurement]:
    return [m for m in rows if m.target == target and m.status == "ok" and m.macro_f1 is not None]


def within(m: Measurement, given: Limits) -> bool:
    """Whether a cell meets all bounds, each as its option says."""
    latency, memory, f1, delta = m.latency_p50_s, m.peak_rss_bytes, m.macro_f1, m.delta_macro_f1
    assert latency is not None and m.file_size_bytes is not None and f1 is not None
    return (
        (given.max_latency_s is None or m.emulated or latency <= given.max_latency_s)
        and (given.max_size_bytes is None or m.file_size_bytes <= given.max_size_bytes)
        and (given.max_memory_bytes is None or (memory is not None and memory <= given.max_memory_bytes))
        and (given.min_f1 is None or f1 >= given.min_f1)
        and (given.max_f1_drop is None or (delta is not None and delta >= -given.max_f1_drop))
    )


def ranking(m: Measurement, given: Limits) -> tuple[Figure, tuple[Figure, ...]]:
    """The figure that counts on a cell's target, and those that are compared there."""
    if not m.emulated:
        return given.prefer, FIGURES
    return ("size" if given.prefer == "latency" else given.prefer), ("size", "memory", "f1")


def better(one: Measurement, other: Measurement, figure: Figure) -> bool:
    return bool(pareto.clear([one, other], figure)[0, 1] < 0)


@given(MIXED, limits())
@example(list(CIRCLE), Limits(prefer="f1"))
def test_what_is_recommended(rows: list[Measurement], given: Limits) -> None:
    found = recommend(run_of(rows), given)
    assert {r.target for r in found} == {m.target for m in rows}
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
        tied = [m for m in fit if not any(better(o, m, prefer) for o in fit)]
        assert chosen in pareto.undominated(tied, figures), "none that is tied dominates it"
        others = [m for m, _ in answer.rivals]
        assert len(others) == min(2, len(fit) - 1)
        assert len({m.cell.id for m in [chosen, *others]}) == len(others) + 1
        assert all(m in fit for m in others)


@given(MIXED, limits(), st.randoms(use_true_random=False))
@example(list(CIRCLE), Limits(prefer="f1"), randomness.Random(0))
def test_the_order_of_rows_plays_no_part(rows: list[Measurement], given: Limits, random: randomness.Random) -> None:
    mixed = rows[:]
    random.shuffle(mixed)
    assert recommend(run_of(mixed), given) == recommend(run_of(rows), given)


@given(MIXED, one_more())
def test_one_more_bound_never_makes_the_preferred_figure_better(
    rows: list[Measurement], given: tuple[Limits, Limits]
) -> None:
    fewer, more = (recommend(run_of(rows), limits) for limits in given)
    for before, after in zip(fewer, more, strict=True):
        if after.chosen is not None:
            assert before.chosen is not None
            assert not better(after.chosen, before.chosen, ranking(after.chosen, given[0])[0])


@given(MIXED, limits())
def test_bounds_tell_how_many_they_exclude(rows: list[Measurement], given: Limits) -> None:
    names = ("max_latency_s", "max_size_bytes", "max_memory_bytes", "min_f1", "max_f1_drop")
    for answer in recommend(run_of(rows), given):
        there = measured(rows, answer.target)
        if not there:
            continue
        alone = [replace(Limits(), **{n: getattr(given, n)}) for n in names if getattr(given, n) is not None]
        if answer.target == "pi":
            alone = [one for one in alone if one.max_latency_s is None]
        assert list(answer.excluded.values()) == [sum(not within(m, one) for m in there) for one in alone]
        assert len(answer.costs) == (len(alone) if answer.chosen else 0)
        said = " ".join([answer.why, *answer.costs, *(t for _, t in (*answer.rivals, *answer.nearest))])
        assert not re.search(r"\b(None(?! of these)|nan|inf)\b", said)


def only(answers: list[Recommendation]) -> Recommendation:
    (answer,) = answers
    return answer


FAST = cell("fast", 0.001, 0.0009, 0.0011, 3_000_000, 100_000_000, 0.690)
GOOD = cell("good", 0.002, 0.0019, 0.0021, 5_000_000, 100_000_000, 0.710)
SMALL = cell("small", 0.004, 0.0038, 0.0042, 1_000_000, 300_000_000, 0.702)


@pytest.mark.parametrize(
    ("bounds", "chosen"),
    [
        ({}, FAST), ({"prefer": "f1"}, GOOD), ({"prefer": "size"}, SMALL), ({"max_f1_drop": 0.0}, GOOD),
        ({"max_size_bytes": 2e6}, SMALL), ({"max_latency_s": 0.002, "min_f1": 0.70}, GOOD),
        ({"prefer": "size", "max_memory_bytes": 150e6}, FAST), ({"max_latency_s": 0.002, "prefer": "size"}, FAST),
    ],
)  # fmt: skip
def test_bounds_and_preferences(bounds: dict[str, Any], chosen: Measurement) -> None:
    assert only(recommend(run_of([FAST, GOOD, SMALL]), Limits(**bounds))).chosen == chosen


def test_ties_within_the_noise_go_to_what_is_better_otherwise() -> None:
    slower = replace(FAST, exporter="tied", latency_p50_s=0.00105, latency_p50_low_s=0.00095)
    heavy, accurate = replace(slower, file_size_bytes=3_100_000), replace(slower, macro_f1=0.705)
    assert only(recommend(run_of([FAST, heavy]))).chosen == FAST
    assert only(recommend(run_of([FAST, accurate]))).chosen == accurate
    light = replace(slower, peak_rss_bytes=50_000_000, file_size_bytes=3_100_000)
    assert only(recommend(run_of([FAST, light]))).chosen == light, "none dominates; the product decides"
    both = only(recommend(run_of([FAST, light]))).why
    assert "2 share the lowest latency within the noise" in both
    assert "smallest product of latency, file and memory" in both


def test_where_all_is_the_same_the_name_decides() -> None:
    twins = [replace(FAST, exporter="b"), replace(FAST, exporter="a")]
    for rows in (twins, twins[::-1]):
        assert only(recommend(run_of(rows))).chosen == twins[1]
        assert only(recommend(run_of(rows), Limits(max_size_bytes=1))).nearest[0][0] == twins[1]


def test_it_says_why_and_what_each_bound_costs() -> None:
    answer = only(recommend(run_of([FAST, GOOD, SMALL]), Limits(max_f1_drop=0.005, max_size_bytes=6e6)))
    assert answer.chosen == GOOD
    assert answer.why.startswith(
        "It has the lowest latency of the 2 of 3 cells that meet the bounds, beyond the noise."
    )
    assert answer.costs == (
        "size at most 6 MB excludes none and costs nothing",
        "macro-F1 drop at most 0.005 excludes 1; without it net fast would be chosen: "
        "latency 1.00 ms, 2.00 times faster, beyond the noise",
    )
    ((rival, text),) = answer.rivals
    assert rival == SMALL
    assert text == (
        "latency 4.00 ms, 2.00 times slower, beyond the noise; file 1.00 MB, 5.00 times smaller; "
        "memory 300 MB, 3.00 times more, beyond the noise; macro-F1 0.702, -0.0080, within the noise"
    )


def test_it_says_what_to_doubt() -> None:
    shaky = replace(
        FAST, verdict="noisy", verdict_reason="its processes differ by 1.31 times", dataset="demo (synthetic)"
    )
    why = only(recommend(run_of([shaky]), Limits(max_latency_s=0.00105, max_f1_drop=0.05))).why
    assert "It meets latency at most 1.05 ms only narrowly, not beyond the noise." in why
    assert "macro-F1 drop at most 0.05 only narrowly" not in why
    assert "Its timing is noisy: its processes differ by 1.31 times." in why
    assert "says nothing about patients" in why


def test_nothing_meets_the_bounds() -> None:
    answer = only(recommend(run_of([FAST, GOOD, SMALL]), Limits(max_latency_s=0.0015, max_size_bytes=2e6)))
    assert (answer.chosen, answer.file, answer.snippet) == (None, "", "")
    assert answer.excluded == {"latency at most 1.5 ms": 2, "size at most 2 MB": 2}
    assert answer.why == (
        "No artifact meets the bounds. "
        "Of 3 measured cells, latency at most 1.5 ms excludes 2, size at most 2 MB excludes 2."
    )
    assert answer.nearest == (
        (FAST, "misses size at most 2 MB by 1 MB (50.0%)"),
        (SMALL, "misses latency at most 1.5 ms by 2.50 ms (166.7%)"),
        (GOOD, "misses latency at most 1.5 ms by 500 µs (33.3%); misses size at most 2 MB by 3 MB (150.0%)"),
    )  # fmt: skip
    unknown = replace(FAST, delta_macro_f1=None, delta_low=None, delta_high=None)
    (near,) = only(recommend(run_of([unknown]), Limits(max_f1_drop=0.01))).nearest
    assert near[1] == "whether it meets macro-F1 drop at most 0.01 is not known"


def test_an_emulated_latency_is_neither_bounded_nor_preferred() -> None:
    rows = [replace(m, target="pi", emulated=True, verdict="emulated") for m in (FAST, SMALL)]
    answer = only(recommend(run_of(rows), Limits(max_latency_s=0.0001)))
    assert answer.chosen == rows[1], "the smallest file"
    assert "emulated here, so its latency says nothing; the smallest file is preferred instead" in answer.why
    assert "whether it takes 100 µs at most was not checked" in answer.why
    assert not any("latency" in text for _, text in answer.rivals)
    assert only(recommend(run_of(rows), Limits(min_f1=0.9))).chosen is None


def test_cells_without_a_score_are_never_recommended() -> None:
    failed = replace(FAST, status="failed", reason="it broke")
    assert only(recommend(run_of([failed, replace(FAST, exporter="x", macro_f1=None), SMALL]))).chosen == SMALL
    nothing = only(recommend(run_of([failed])))
    assert (nothing.chosen, nothing.why) == (None, "No cell on host was measured with a macro-F1.")
    assert recommend(run_of([])) == []


def test_machines_targets_and_data_sets_are_answered_apart() -> None:
    board = [replace(m, host="a board", run="s") for m in (FAST, SMALL)]
    found = recommend(run_of([GOOD, *board, replace(SMALL, target="pi"), replace(FAST, dataset="others")]))
    assert [(r.target, r.host, r.chosen and r.chosen.exporter) for r in found] == [
        ("host", "a board", "fast"), ("host", "a machine, others", "fast"), ("host", "a machine, records", "good"),
        ("pi", "a machine, records", "small"),
    ]  # fmt: skip
    assert [r.target for r in recommend(run_of([GOOD, replace(SMALL, target="pi")]), target="pi")] == ["pi"]
    with pytest.raises(PlanError, match="r has no cell on a target 'tpu'; there is host"):
        recommend(run_of([GOOD]), target="tpu")


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"max_latency_s": -1.0}, "max-latency -1: must be a number, more than 0"),
        ({"max_size_bytes": 0}, "max-size 0: must be"),
        ({"max_memory_bytes": float("nan")}, "max-memory nan"), ({"max_latency_s": float("inf")}, "and finite"),
        ({"min_f1": 1.2}, "min-f1 1.2: must be a number from 0 to 1"),
        ({"max_f1_drop": float("nan")}, "max-f1-drop nan"),
        ({"max_size_bytes": 10**400}, "max-size inf: must be a number, more than 0 and finite"),
        ({"max_latency_s": "20ms"}, "max-latency '20ms': must be a number"),
        ({"min_f1": [1]}, r"min-f1 \[1\]: must be"),
        ({"prefer": "speed"}, "prefer 'speed': unknown; there is latency, size, memory, f1"),
    ],
)  # fmt: skip
def test_bounds_that_are_none(bounds: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        Limits(**bounds)


@pytest.mark.parametrize("folder", sorted(p.parent for p in REFERENCE.glob("*/plan.json")), ids=lambda p: p.name)
def test_published_runs(folder: Path) -> None:
    run = run_store.read(folder)
    held = any(m.delta_macro_f1 is not None for m in run.measurements)  # against an fp32 model, which `arm` has not
    for answer in recommend(run, Limits(max_f1_drop=0.01) if held else Limits()):
        assert answer.chosen and (answer.chosen.delta_macro_f1 or 0) >= -0.01
        fit = [m for m in run.measurements if (m.delta_macro_f1 or 0) >= -0.01 and m.host == answer.chosen.host]
        left_out = "has no manifest" if folder.name == "arm" else "does not hold it any more"
        assert left_out in answer.file, "artifacts are left out when a run is published"
        assert (answer.sha256, answer.path) == (answer.chosen.artifact_sha256, None)
        assert answer.chosen.emulated or answer.chosen.cell.id in pareto.front(fit)
        compile(answer.snippet, "snippet", "exec")
