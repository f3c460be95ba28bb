"""What a metric says of its values."""

from __future__ import annotations

from typing import Any

import pytest

from edgebench.core.metrics import Better, Metric
from edgebench.core.problems import InvalidValue


@pytest.mark.parametrize(
    ("better", "value", "delta", "goodness", "drop"),
    [("higher", 0.69, -0.01, 0.69, 0.01), ("lower", 5.0, 0.5, -5.0, 0.5), ("lower", 4.0, -0.5, -4.0, -0.5),
     ("near zero", -0.5, -0.75, -0.5, 0.25), ("near zero", 0.25, -0.5, -0.25, -0.5)],
)  # fmt: skip
def test_which_values_are_better(better: Better, value: float, delta: float, goodness: float, drop: float) -> None:
    metric = Metric("mine", "mine", better)
    assert (metric.goodness(value), metric.drop(value, delta)) == (goodness, drop)


def test_texts_and_columns() -> None:
    metric = Metric("mae", "MAE", "lower", "%", low=0, decimals=2)
    assert (metric.text(5.126), metric.fine(-0.0), metric.change(0.5)) == ("5.13", "0.000", "+0.500")
    assert (metric.heading, metric.narrow, metric.largest_drop) == ("MAE in %", "MAE", None)
    assert metric.column_names == ("mae", "mae_low", "mae_high", "delta_mae", "delta_mae_low", "delta_mae_high")
    assert Metric("a", "A", low=0, high=1, short="a", columns=("x",)).column_names == ("x",)


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "a b"}, {"name": "a" * 41}, {"label": "a\nb"}, {"unit": "u" * 41}, {"columns": ("../x",)},
     {"columns": tuple("abcdefg")}, {"decimals": -1}, {"decimals": 99}],
)  # fmt: skip
def test_what_no_file_or_table_can_show_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Metric(**{"name": "a", "label": "A"} | fields)
