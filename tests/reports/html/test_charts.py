"""Which charts a page has, and the sentence where one would be empty."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flat_rows import changed
from report_rows import OK

from edgebench.core.measurements import Measurement
from edgebench.reports import words
from edgebench.reports.html import charts

EMULATED = changed(OK, target="pi", emulated=True, verdict="emulated")
UNSCORED = changed(OK, macro_f1=None)


def empty(found: list[charts.Chart]) -> dict[str, bool]:
    return {chart.kind: bool(chart.empty) for chart in found}


def sampled(m: Measurement) -> list[Any]:
    return [np.ones(3)]


def test_a_run_that_has_all_has_all_charts() -> None:
    assert empty(charts.trade_offs([OK, EMULATED])) == {"latency": False, "size": False, "memory": False}
    assert empty(charts.strips([OK], sampled)) == {"samples": False, "memories": False, "sizes": False}
    assert charts.classes([UNSCORED, OK]) == charts.unscored([UNSCORED, OK]) == ""


def test_an_emulated_latency_is_not_drawn() -> None:
    assert empty(charts.trade_offs([EMULATED])) == {"latency": True, "size": False, "memory": False}
    assert empty(charts.strips([EMULATED], sampled)) == {"samples": True, "memories": False, "sizes": False}
    for chart in (charts.trade_offs([EMULATED])[0], charts.strips([EMULATED], sampled)[0]):
        assert words.EMULATED in chart.empty
    assert words.EMULATED not in charts.trade_offs([UNSCORED, EMULATED])[0].empty, "a cell here has no score"


def test_without_a_score_there_is_no_trade_off() -> None:
    assert set(empty(charts.trade_offs([UNSCORED])).values()) == {True}
    assert charts.unscored([UNSCORED]) == charts.classes([UNSCORED]) == words.NOT_SCORED
    assert charts.classes([changed(OK, f1_by_class=None)]) not in ("", words.NOT_SCORED)


def test_without_samples_there_is_no_shape() -> None:
    assert empty(charts.strips([OK], lambda m: [])) == {"samples": True, "memories": False, "sizes": False}


@pytest.mark.parametrize(("column", "chart", "kind"), [("peak_rss_bytes", "memory", "memories")])
def test_a_metric_that_no_cell_has_is_named(column: str, chart: str, kind: str) -> None:
    without = changed(OK, **{column: None})
    assert empty(charts.trade_offs([without]))[chart] and empty(charts.strips([without], sampled))[kind]
    assert not empty(charts.trade_offs([without, OK]))[chart]


def test_the_size_in_an_archive_is_explained_where_it_is_drawn() -> None:
    (*_, zipped), (*_, plain) = charts.strips([OK], sampled), charts.strips([changed(OK, zip_size_bytes=None)], sampled)
    assert (zipped.key, plain.key) == (charts.ZIP_LINES, "")
