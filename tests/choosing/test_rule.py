"""Each step of the rule on cells whose metrics can be compared by hand."""

from __future__ import annotations

import pytest
from decisions import CIRCLE, cell
from flat_rows import changed

from edgebench.choosing.pareto import METRICS
from edgebench.choosing.rule import Choice, choose, leading
from edgebench.core.measurements import Measurement

QUICK = cell("quick", 1.0, 0.9, 1.1, 3, 200, 0.70)
NEAR = cell("near", 1.15, 1.05, 1.25, 1, 200, 0.70)
NEXT = cell("next", 1.25, 1.15, 1.35, 1, 100, 0.70)


def names(cells: list[Measurement] | tuple[Measurement, ...]) -> list[str]:
    return [m.cell.exporter for m in cells]


def test_the_leading_are_within_the_noise_of_all_others() -> None:
    assert names(leading([NEXT, NEAR, QUICK], "latency")) == ["near", "quick"], "next is within near's noise alone"
    assert names(leading([NEXT, NEAR, QUICK], "size")) == ["next", "near"], "sizes have no noise"
    assert names(leading([NEXT, NEAR, QUICK], "memory")) == ["next"]
    assert names(leading([NEXT, NEAR, QUICK], "score")) == ["next", "near", "quick"]


@pytest.mark.parametrize("metric", METRICS)
def test_some_cell_always_leads(metric: str) -> None:
    """Even in a circle, where each is better than another in some metric."""
    assert leading(CIRCLE, metric)  # type: ignore[arg-type]


def test_a_metric_that_is_missing_is_behind_nothing() -> None:
    unknown = changed(QUICK, exporter="unknown", peak_rss_bytes=None)
    assert names(leading([unknown, QUICK, NEXT], "memory")) == ["unknown", "next"]


def test_one_cell_is_chosen_as_it_is() -> None:
    assert choose([QUICK], "latency", METRICS) == Choice(QUICK, 1, (QUICK,), 1, 1, ("latency", "size", "memory"))


def test_each_step_leaves_fewer() -> None:
    """Of five cells one is slower, one is dominated, one scores lower, and of the last two the product decides."""
    base = cell("base", 1.0, 0.8, 1.2, 2, 300, 0.71)
    product = cell("product", 1.1, 0.9, 1.3, 3, 100, 0.71)
    slower = cell("slower", 3.0, 2.9, 3.1, 1, 50, 0.75)
    dominated = cell("dominated", 1.0, 0.8, 1.2, 2, 400, 0.71)
    lower = cell("lower", 1.0, 0.8, 1.2, 1, 300, 0.69)
    found = choose([base, dominated, slower, lower, product], "latency", METRICS)
    assert names(found.tied) == ["base", "dominated", "lower", "product"]
    assert (found.known, found.undominated, found.accurate) == (5, 3, 2)
    assert 1.0 * 2 * 300 > 1.1 * 3 * 100 and found.cell is product
    assert found.factors == ("latency", "size", "memory")


def test_a_cell_without_the_preferred_metric_is_left_out() -> None:
    unknown = changed(QUICK, exporter="unknown", peak_rss_bytes=None)
    found = choose([unknown, NEXT], "memory", METRICS)
    assert (found.cell, found.known) == (NEXT, 1)
    none = choose([unknown, changed(NEXT, peak_rss_bytes=None)], "memory", METRICS)
    assert (none.known, len(none.tied)) == (0, 2), "where no cell has it, it decides nothing"
    assert none.factors == ("latency", "size"), "and is no factor"


def test_a_missing_factor_counts_as_infinite() -> None:
    larger = changed(QUICK, exporter="larger", file_size_bytes=4)
    unknown = changed(QUICK, exporter="unknown", peak_rss_bytes=None)
    found = choose([unknown, larger], "latency", METRICS)
    assert found.accurate == 1 and found.cell is unknown, "it dominates by its size"
    other = changed(unknown, file_size_bytes=4, latency_p50_s=0.95)
    assert choose([other, larger], "latency", METRICS).cell is larger


def test_where_the_products_are_equal_the_name_decides() -> None:
    twins = [changed(QUICK, exporter="b"), changed(QUICK, exporter="a")]
    assert names([choose(rows, "latency", METRICS).cell for rows in (twins, twins[::-1])]) == ["a", "a"]


def test_metrics_that_are_not_compared_are_no_factors() -> None:
    found = choose([QUICK, changed(QUICK, exporter="x", latency_p50_s=0.95)], "size", ("size", "memory", "score"))
    assert found.factors == ("size", "memory") and found.cell is QUICK
