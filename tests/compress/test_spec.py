"""What a variant's words mean, and what is wrong with them in one line."""

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
    ("spec", "said"),
    [
        ("l1", "'' is not an amount; write l1-AMOUNT, such as l1-0.4"),
        ("l1-much", "'much' is not an amount"),
        ("l1-0", "the amount is 0; it is between 0 and 1"),
        ("l1-1.0", "the amount is 1.0; it is between 0 and 1"),
        ("l1-1.4", "the amount is 1.4; it is between 0 and 1"),
        ("l1-nan", "the amount is nan; it is between 0 and 1"),
        ("l1-0.4-lstm", "unknown 'lstm'; there is layers: conv, linear, all; scope: each, global"),
        ("l1-0.4-conv-linear", "conv and linear both choose the layers"),
        ("structured-0.5-l3", "unknown 'l3'"),
    ],
)
def test_bad_ones(spec: str, said: str) -> None:
    with pytest.raises(PlanError, match=said) as raised:
        registry.variant(spec).check(spec)
    assert "\n" not in str(raised.value)
