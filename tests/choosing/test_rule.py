"""The order in which cells are preferred, on cells whose costs can be compared by hand."""

from __future__ import annotations

from decisions import cell
from flat_rows import changed

from edgebench.choosing.rule import choose, cost, weight_of
from edgebench.core.measurements import Measurement
from edgebench.core.policy import PREFERRED, Policy, Weights

QUICK = cell("quick", 1.0, 0.9, 1.1, 3000, 200, 0.70)
BALANCED = Policy(prefer="balanced")


def chosen(cells: list[Measurement], policy: Policy = BALANCED) -> str:
    return choose(cells, policy).cell.cell.exporter


def test_each_factor_counts_as_often_as_its_weight() -> None:
    """Twice the time for a file of 1/3: balanced takes it, and by a weight of 2 it is 4 against 3."""
    slow = cell("slow", 2.0, 1.9, 2.1, 1000, 200, 0.70)
    assert chosen([QUICK, slow]) == "slow"
    assert chosen([QUICK, slow], Policy(weights=Weights(latency=2))) == "quick"
    assert chosen([QUICK, slow], Policy()) == "quick"
    assert chosen([QUICK, slow], Policy(prefer="size")) == "slow"


def test_a_usual_drop_counts_as_a_factor_of_two() -> None:
    worse = changed(QUICK, exporter="worse", macro_f1=0.69, delta_macro_f1=-0.01, file_size_bytes=1600)
    assert chosen([QUICK, worse]) == "quick", "3000 / 1600 is below 2"
    assert chosen([QUICK, changed(worse, file_size_bytes=1400)]) == "worse"


def test_a_metric_that_counts_and_is_missing_comes_last() -> None:
    unknown = cell("unknown", 0.1, 0.1, 0.1, 10, None, 0.75)
    assert chosen([QUICK, unknown], Policy()) == "quick"
    assert chosen([QUICK, unknown], Policy(weights=Weights(memory=0))) == "unknown"


def test_what_lost_nobody_knows_how_much_comes_after_what_is_known() -> None:
    gone = {"delta_macro_f1": None, "delta_low": None, "delta_high": None}
    fast, good = (
        changed(cell(n, t, t, t, 1000, 200, f1), **gone) for n, t, f1 in (("fast", 0.1, 0.3), ("good", 9.0, 0.8))
    )
    assert chosen([QUICK, fast, good], Policy()) == "quick"
    assert chosen([fast, good], Policy()) == "good", "the score counts most where there is nothing to compare it with"
    assert chosen([fast, good], Policy(min_score=0.2)) == "fast", "somebody said what is enough"
    assert weight_of("score", Policy(), known=False) == PREFERRED


def test_an_emulated_latency_costs_nothing() -> None:
    one = changed(QUICK, emulated=True)
    assert cost(one, Policy()) == cost(changed(one, latency_p50_s=99.0), Policy())


def test_the_name_decides_where_the_cost_is_equal() -> None:
    twins = [changed(QUICK, exporter="b"), changed(QUICK, exporter="a")]
    assert [chosen(rows) for rows in (twins, twins[::-1])] == ["a", "a"]
    assert [m.cell.exporter for m in choose(twins, BALANCED).order] == ["a", "b"]
