"""Each column of report.csv by its name, also from a script that has a measurement."""

from __future__ import annotations

import copy

import pytest
from sample_records import MEASUREMENT, UNSUPPORTED

from edgebench.core.columns import COLUMNS
from edgebench.core.flat_row import flatten
from edgebench.core.measurements import Measurement


@pytest.mark.parametrize("m", [MEASUREMENT, UNSUPPORTED])
def test_a_script_reads_the_columns_by_name(m: Measurement) -> None:
    assert {column: getattr(m, column) for column in flatten(m)} == flatten(m)
    assert set(COLUMNS) <= set(flatten(m))
    assert copy.deepcopy(m) == m


def test_what_is_no_column_is_an_error() -> None:
    with pytest.raises(AttributeError, match="latency_p49_s"):
        _ = getattr(MEASUREMENT, "latency_p49_s")  # noqa: B009 - mypy knows that there is none
