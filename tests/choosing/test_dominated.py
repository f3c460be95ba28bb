"""A recommended cell that is off the Pareto front: which cell dominates it, and why that one was not chosen."""

from __future__ import annotations

from decisions import (
    FAST,
    GOOD,
    MIXED,
    SMALL,
    better,
    cell,
    limits,
    measured,
    only,
    run_of,
    within,
)
from flat_rows import changed
from hypothesis import example, given

from edgebench.choosing import pareto
from edgebench.choosing.pareto import value_of
from edgebench.choosing.recommendation import Limits, recommend
from edgebench.core.measurements import Measurement


@given(MIXED, limits())
@example([FAST, GOOD, SMALL], Limits(max_latency_s=0.003, prefer="score"))
def test_off_the_front_it_says_what_dominates_it_and_why_not_that(rows: list[Measurement], given: Limits) -> None:
    for answer in recommend(run_of(rows), given):
        if answer.chosen is None or answer.chosen.emulated:
            assert answer.dominated_by is None
            continue
        there = measured(rows, answer.target)
        on_front = answer.chosen.cell.id in pareto.front(there)
        assert (answer.dominated_by is None) == on_front == ("not on the Pareto front" not in answer.why)
        if answer.dominated_by is None:
            continue
        m = answer.dominated_by
        assert "It is not on the Pareto front: " + m.cell.model + " " + m.cell.exporter in answer.why
        assert m in there and m.cell.id != answer.chosen.cell.id
        fit = [o for o in there if within(o, given)]
        assert (m not in fit) == ("That one was not chosen: " in answer.why)
        behind = any(better(o, m, given.prefer) for o in fit)
        if "is significantly worse than that of" in answer.why:
            assert m in fit and behind
        if " dominates it (" in answer.why:
            assert pareto.better([m, answer.chosen])[0, 1]
            assert m not in fit or behind or value_of(m, given.prefer) is None, "the rule had no reason not to take it"


def test_the_reasons_for_a_cell_off_the_front() -> None:
    lighter = changed(FAST, exporter="lighter", file_size_bytes=2_000_000)
    answer = only(recommend(run_of([FAST, changed(lighter, delta_macro_f1=None)]), Limits(max_drop=0.02)))
    assert (answer.chosen, answer.dominated_by and answer.dominated_by.cell.exporter) == (FAST, "lighter")
    assert (
        "It is not on the Pareto front: net lighter dominates it (file 2.00 MB, 1.50 times smaller). "
        "That one was not chosen: whether it meets macro-F1 drop at most 0.02 is not known." in answer.why
    )
    answer = only(recommend(run_of([FAST, changed(lighter, macro_f1=0.688)]), Limits(min_score=0.69)))
    assert "That one was not chosen: it misses macro-F1 at least 0.69 by 0.0020." in answer.why
    first = cell("first", 1.0, 0.8, 1.1, 5_000_000, 100, 0.7)
    chosen = cell("chosen", 1.05, 0.9, 1.2, 4_000_000, 100, 0.7)
    small = cell("small", 1.25, 1.15, 1.4, 3_000_000, 100, 0.7)
    answer = only(recommend(run_of([first, chosen, small])))
    assert (answer.chosen, answer.dominated_by) == (chosen, small)
    assert (
        "net small dominates it (file 3.00 MB, 1.33 times smaller). That one was not chosen because its latency is "
        "significantly worse than that of net first" in answer.why
    )
