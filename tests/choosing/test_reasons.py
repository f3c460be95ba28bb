"""What is said of a recommendation: why, at what cost, with what doubt, and what comes near where nothing fits."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from decisions import (
    FAST,
    GOOD,
    MIXED,
    SMALL,
    measured,
    only,
    policies,
    run_of,
    within,
)
from flat_rows import changed
from hypothesis import given, settings

from edgebench.choosing.recommendation import recommend
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy


@settings(max_examples=50)
@given(MIXED, policies())
def test_bounds_tell_how_many_they_exclude(rows: list[Measurement], given: Policy) -> None:
    names = ("max_latency_s", "max_size_bytes", "max_memory_bytes", "min_score")
    for answer in recommend(run_of(rows), given):
        there = measured(rows, answer.target)
        if not there:
            continue
        kept = [changed(m, delta_macro_f1=0.0, delta_low=0.0, delta_high=0.0) for m in there]  # whatever they lost
        alone = [replace(Policy(), **{n: getattr(given, n)}) for n in names if getattr(given, n) is not None]
        if answer.target == "pi":
            alone = [one for one in alone if one.max_latency_s is None]
        told = [sum(not within(m, one) for m in kept) for one in alone]
        told.append(sum(not within(m, Policy(max_drop=given.max_drop)) for m in there))
        assert list(answer.excluded.values()) == told
        alone.append(Policy())
        assert len(answer.costs) - len(alone) in ((0, 1) if answer.chosen else (-len(alone),))
        said = " ".join([answer.why, *answer.costs, *(t for _, t in (*answer.rivals, *answer.nearest))])
        assert not re.search(r"\b(None(?! of the)|nan|inf)\b", said)


def test_it_says_why_and_what_each_bound_costs() -> None:
    answer = only(recommend(run_of([FAST, GOOD, SMALL]), Policy(max_drop=0.005, max_size_bytes=6e6)))
    assert answer.chosen == GOOD
    assert answer.why.startswith(
        "It has the lowest latency of the 2 of 3 cells that meet the bounds, beyond the noise."
    )
    assert answer.costs == (
        "size at most 6 MB excludes none",
        "macro-F1 drop at most 0.005 excludes 1; without it net fast would be chosen: "
        "latency 1.00 ms, 2.00 times faster, beyond the noise",
    )
    ((rival, text),) = answer.rivals
    assert rival == SMALL
    assert text == (
        "latency 4.00 ms, 2.00 times slower, beyond the noise; file 1.00 MB, 5.00 times smaller, beyond the tolerance; "
        "memory 300 MB, 3.00 times more, beyond the tolerance; macro-F1 0.702, -0.0080, within the noise"
    )


def test_it_says_what_to_doubt() -> None:
    shaky = changed(
        FAST, verdict="noisy", verdict_reason="its processes differ by 1.31 times", dataset="demo (synthetic)"
    )
    why = only(recommend(run_of([shaky]), Policy(max_latency_s=0.00105, max_drop=0.05))).why
    assert "It meets latency at most 1.05 ms only narrowly, not beyond the noise." in why
    assert "macro-F1 drop at most 0.05 only narrowly" not in why
    assert "Its timing is noisy: its processes differ by 1.31 times." in why
    assert "choose on real ones" in why


def test_nothing_meets_the_bounds() -> None:
    answer = only(recommend(run_of([FAST, GOOD, SMALL]), Policy(max_latency_s=0.0015, max_size_bytes=2e6)))
    assert (answer.chosen, answer.file, answer.snippet) == (None, "", "")
    assert answer.excluded == {
        "latency at most 1.5 ms": 2, "size at most 2 MB": 2, "macro-F1 drop at most 0.01 (default)": 0
    }  # fmt: skip
    assert answer.why == (
        "No artifact meets the bounds. "
        "Of 3 measured cells, latency at most 1.5 ms excludes 2; size at most 2 MB excludes 2. "
        "Each bound is met by some cell, but none meets all."
    )
    assert answer.nearest == (
        (FAST, "1.00 ms, 3.00 MB, 100 MB memory, macro-F1 0.690; misses size at most 2 MB by 1 MB (50.0%)"),
        (SMALL, "4.00 ms, 1.00 MB, 300 MB memory, macro-F1 0.702; misses latency at most 1.5 ms by 2.50 ms (166.7%)"),
        (
            GOOD, "2.00 ms, 5.00 MB, 100 MB memory, macro-F1 0.710; misses latency at most 1.5 ms by 500 µs (33.3%); "
            "misses size at most 2 MB by 3 MB (150.0%)"
        ),
    )  # fmt: skip
    unknown = changed(FAST, delta_macro_f1=None, delta_low=None, delta_high=None)
    answer = only(recommend(run_of([unknown, SMALL]), Policy(max_drop=0.01, min_score=0.9)))
    assert "macro-F1 drop at most 0.01 excludes 1, since it is not known there." in answer.why
    assert answer.nearest[1][1].endswith("; whether it meets macro-F1 drop at most 0.01 is not known")
    (near,) = only(recommend(run_of([FAST]), Policy(min_score=0.69001))).nearest
    assert near[1].endswith("; misses macro-F1 at least 0.69001 by less than 0.0001")


def test_bounds_that_keep_the_same_cell_out_cost_something_together() -> None:
    answer = only(recommend(run_of([FAST, GOOD]), Policy(max_drop=0.005, min_score=0.7)))
    assert answer.chosen == GOOD
    assert answer.costs == (
        "macro-F1 at least 0.7 excludes 1; it costs nothing by itself",
        "macro-F1 drop at most 0.005 excludes 1; it costs nothing by itself",
        "without all of them net fast would be chosen: latency 1.00 ms, 2.00 times faster, beyond the noise",
    )


def test_a_drop_is_measured_from_the_models_own_fp32() -> None:
    quick = {"latency_p50_s": 0.0001, "latency_p50_low_s": 0.0001, "latency_p50_high_s": 0.0001}
    poor = changed(FAST, **quick, model="poor", macro_f1=0.5, macro_f1_low=0.46, macro_f1_high=0.54, delta_macro_f1=0.0)
    why = only(recommend(run_of([poor, GOOD]), Policy(max_drop=0.01))).why
    assert "net good has 0.710, it has 0.500." in why
    near = changed(poor, macro_f1=0.68, macro_f1_low=0.64, macro_f1_high=0.72)
    assert "fp32" not in only(recommend(run_of([near, GOOD]), Policy(max_drop=0.01))).why, "within the noise"


def test_what_is_missed_by_far_is_told_in_times() -> None:
    (near,) = only(recommend(run_of([FAST]), Policy(max_latency_s=1e-6))).nearest
    assert near[1].endswith("; misses latency at most 1 µs by 999 µs (1000 times as much)")


def test_the_nearest_is_the_nearest_also_where_a_figure_is_not_known() -> None:
    gone: dict[str, Any] = {"delta_macro_f1": None, "delta_low": None, "delta_high": None}
    far, near = changed(GOOD, exporter="a", **gone), changed(FAST, exporter="b", **gone)
    answer = only(recommend(run_of([far, near]), Policy(max_size_bytes=2e6, max_drop=0.01)))
    assert [m for m, _ in answer.nearest] == [near]
    answer = only(recommend(run_of([far, changed(FAST, peak_rss_bytes=None)]), Policy(max_memory_bytes=1e6)))
    assert "memory at most 1 MB excludes 2, 1 of them since it is not known there." in answer.why
    assert [m for m, _ in answer.nearest] == [far], "what is known comes before what is not"


def test_too_few_records_to_show_the_allowed_drop() -> None:
    """No difference in 40 records leaves 3 in 40 possible, by the rule of three; in 400, less than the bound."""

    def why(**columns: Any) -> str:
        int8 = changed(GOOD, precision="int8", delta_macro_f1=0.0, delta_low=0.0, delta_high=0.0, **columns)
        return only(recommend(run_of([int8]))).why

    assert "0.075" in why(records=40)
    assert "too few" not in why(records=400)
    assert "too few" not in only(recommend(run_of([changed(GOOD, precision="fp32", variant="none", records=40)]))).why
    wide = changed(GOOD, precision="int8", delta_macro_f1=0.0, delta_low=-0.02, delta_high=0.02, records=40)
    assert "too few" not in only(recommend(run_of([wide]))).why, "its interval says it"
