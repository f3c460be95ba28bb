"""Every field of the measuring protocol has a smallest value."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from edgebench.core.problems import InvalidValue
from edgebench.core.settings import LEAST, PRESETS, Measuring


def test_every_field_has_a_smallest_value() -> None:
    assert {f.name for f in fields(Measuring)} == {*LEAST, "preset"}


@pytest.mark.parametrize("name", LEAST)
def test_the_smallest_value_is_taken_and_less_is_refused(name: str) -> None:
    def of(value: float) -> dict[str, Any]:
        return {name: (value,) if name in ("cores", "batches") else value}

    assert Measuring(**of(LEAST[name]))
    with pytest.raises(InvalidValue, match=name):
        Measuring(**of(LEAST[name] - 1))


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"preset": "fast"}, "preset"),
        ({"preset": "quick", "steady": 0.05}, "steady"),
        ({"max_seconds": 9.0, "steady": 0.05}, "steady"),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Measuring(**values)
    assert refused.value.problem.place == place


def test_the_work_that_a_preset_plans() -> None:
    """What a cell's processes take at least, without their starts: a second when quick, many when thorough."""
    quick, usual, thorough = (
        Measuring(**PRESETS.get(name, {}).get("measuring", {})) for name in ("quick", "", "thorough")
    )
    took = [m.processes * m.min_seconds for m in (quick, usual, thorough)]
    assert took[0] <= 0.1 < took[1] < took[2] <= 30
    assert thorough.processes * thorough.min_samples > 662, "enough for a 99th percentile"
