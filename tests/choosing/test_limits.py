"""Bounds that are none are refused in one line, with what was given."""

from __future__ import annotations

from typing import Any

import pytest

from edgebench.choosing.recommendation import Limits
from edgebench.core.errors import PlanError


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"max_latency_s": -1.0}, "max-latency -1: must be a number, more than 0"),
        ({"max_size_bytes": 0}, "max-size 0: must be"),
        ({"max_memory_bytes": float("nan")}, "max-memory nan"), ({"max_latency_s": float("inf")}, "and finite"),
        ({"min_score": 1.2}, "min-f1 1.2: must be a number from 0 to 1"),
        ({"max_drop": float("nan")}, "max-f1-drop nan"),
        ({"max_size_bytes": 10**400}, "max-size inf: must be a number, more than 0 and finite"),
        ({"max_latency_s": "20ms"}, "max-latency '20ms': must be a number"),
        ({"min_score": [1]}, r"min-f1 \[1\]: must be"),
        ({"prefer": "speed"}, "prefer 'speed': unknown; there is latency, size, memory, f1"),
    ],
)  # fmt: skip
def test_bounds_that_are_none(bounds: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        Limits(**bounds)
