"""Every field of the measuring protocol has a smallest value."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from edgebench.core.problems import InvalidValue
from edgebench.core.settings import LEAST, Measuring


def test_every_field_has_a_smallest_value() -> None:
    assert {f.name for f in fields(Measuring)} == set(LEAST)


@pytest.mark.parametrize("name", LEAST)
def test_the_smallest_value_is_taken_and_less_is_refused(name: str) -> None:
    def of(value: float) -> dict[str, Any]:
        return {name: (value,) if name in ("cores", "batches") else value}

    assert Measuring(**of(LEAST[name]))
    with pytest.raises(InvalidValue, match=name):
        Measuring(**of(LEAST[name] - 1))
