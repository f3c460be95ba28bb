"""What a policy can be: fields that make sense, and how much each metric counts."""

from __future__ import annotations

from typing import Any

import pytest

from edgebench.core.policy import NAMES, PREFERRED, Policy, Tolerances, Weights
from edgebench.core.problems import InvalidValue


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"max_latency_s": -1.0}, "max_latency_s"), ({"max_size_bytes": 0}, "max_size_bytes"),
        ({"max_memory_bytes": float("nan")}, "max_memory_bytes"), ({"max_latency_s": float("inf")}, "max_latency_s"),
        ({"max_drop": -0.1}, "max_drop"), ({"max_drop": float("nan")}, "max_drop"),
        ({"max_size_bytes": 10**400}, "max_size_bytes"), ({"max_latency_s": "20ms"}, "max_latency_s"),
        ({"min_score": [1]}, "min_score"), ({"prefer": "speed"}, "prefer"),
        ({"prefer": "size", "weights": Weights(latency=2)}, "weights"),
    ],
)  # fmt: skip
def test_what_no_policy_can_have(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidValue) as failure:
        Policy(**fields)
    assert failure.value.problem.place == place


def test_weights_and_tolerances_are_checked() -> None:
    for wrong in (lambda: Weights(latency=-1), lambda: Weights(0, 0, 0, 0), lambda: Tolerances(size=1.0)):
        with pytest.raises(InvalidValue):
            wrong()


def test_how_much_each_metric_counts() -> None:
    assert [Policy().weight(name) for name in NAMES] == [PREFERRED, 1, 1, 1]
    assert [Policy(prefer="score").weight(name) for name in NAMES] == [1, 1, 1, PREFERRED]
    assert [Policy(prefer="balanced").weight(name) for name in NAMES] == [1, 1, 1, 1]
    own = Policy(weights=Weights(latency=2, memory=0))
    assert [own.weight(name) for name in NAMES] == [2, 1, 0, 1] and own.preferred == "latency"
    assert (Policy().preferred, Policy(prefer="balanced").preferred) == ("latency", "balanced")
