"""Specs of variants, valid and invalid."""

from __future__ import annotations

import pytest

from edgebench.core import registry
from edgebench.core.errors import PlanError


@pytest.mark.parametrize(
    "spec",
    ["l1-0.4", "random-0.9-all-global", "l1-0.05-linear", "structured-0.5", "structured-0.3-taylor-global-dims"],
)
def test_good_ones(spec: str) -> None:
    registry.variant(spec).check(spec)


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("l1", "l1-0.4"),
        ("l1-much", "'much'"),
        ("l1-0", "0"),
        ("l1-1.0", "1.0"),
        ("l1-1.4", "1.4"),
        ("l1-nan", "nan"),
        ("l1-0.4-lstm", "'lstm'.*conv.*global"),
        ("l1-0.4-conv-linear", "conv.*linear"),
        ("structured-0.5-l3", "'l3'"),
    ],
)
def test_bad_ones(spec: str, named: str) -> None:
    with pytest.raises(PlanError, match=f"'{spec}'.*{named}") as raised:
        registry.variant(spec).check(spec)
    assert "\n" not in str(raised.value)
