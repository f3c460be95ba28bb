"""A recommended cell that is off the Pareto front: which cell dominates it, and why that one was not chosen."""

from __future__ import annotations

from decisions import FAST, GOOD, MIXED, SMALL, measured, only, policies, run_of, within
from flat_rows import changed
from hypothesis import example, given, settings

from edgebench.choosing import pareto
from edgebench.choosing.recommendation import recommend
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy


@settings(max_examples=50)
@given(MIXED, policies())
@example([FAST, GOOD, SMALL], Policy(max_latency_s=0.003, prefer="score", max_drop=0.05))
def test_off_the_front_it_says_what_dominates_it_and_why_not_that(rows: list[Measurement], policy: Policy) -> None:
    for answer in recommend(run_of(rows), policy):
        if answer.chosen is None or answer.chosen.emulated:
            assert answer.dominated_by is None
            continue
        there = measured(rows, answer.target)
        on_front = answer.chosen.cell.id in pareto.front(there, policy)
        assert (answer.dominated_by is None) == on_front == ("not on the Pareto front" not in answer.why)
        if answer.dominated_by is not None:
            m = answer.dominated_by
            assert f"{m.cell.model} {m.cell.exporter} dominates it" in answer.why
            assert m in there and not within(m, policy), "it misses a bound"
            assert pareto.dominates([m, answer.chosen], policy)[0, 1]


def test_the_reason_for_a_cell_off_the_front() -> None:
    lighter = changed(FAST, exporter="lighter", file_size_bytes=2_000_000, macro_f1=0.688)
    answer = only(recommend(run_of([FAST, lighter]), Policy(min_score=0.69)))
    assert (answer.chosen, answer.dominated_by) == (FAST, lighter)
    assert (
        "It is not on the Pareto front: net lighter dominates it (file 2.00 MB, 1.50 times smaller, beyond the "
        "tolerance). That one was not chosen: it misses macro-F1 at least 0.69 by 0.0020." in answer.why
    )
