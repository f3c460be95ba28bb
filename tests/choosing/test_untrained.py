"""The untrained networks that meet the bounds are listed; the score plays no part."""

from __future__ import annotations

from dataclasses import replace

from decisions import cell, only, run_of

from edgebench.choosing.recommendation import recommend
from edgebench.choosing.untrained import is_untrained
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy


def untrained(name: str, latency: float, size: int = 1000) -> Measurement:
    m = cell(name, latency, latency, latency, size, 100, 0.7)
    assert m.artifact
    return replace(m, scores=None, artifact=replace(m.artifact, untrained=True))


ROWS = [untrained("slow", 0.03), untrained("fast", 0.001, 9000), untrained("middle", 0.009)]


def fits(policy: Policy) -> list[str]:
    answer = only(recommend(run_of(ROWS), policy))
    assert answer.chosen is None and answer.untrained
    return [m.cell.exporter for m, _ in answer.nearest]


def test_the_fastest_that_meet_the_bounds_come_first() -> None:
    assert fits(Policy()) == ["fast", "middle", "slow"]
    assert fits(Policy(max_latency_s=0.010)) == ["fast", "middle"]
    assert fits(Policy(max_latency_s=0.010, max_size_bytes=2000)) == ["middle"]
    assert fits(Policy(max_memory_bytes=10)) == []
    assert only(recommend(run_of(ROWS), Policy(max_latency_s=0.010))).excluded == {"latency at most 10 ms": 1}


def test_beside_trained_cells_the_untrained_ones_are_no_choice() -> None:
    trained = cell("onnx", 0.5, 0.5, 0.5, 10**6, 10**6, 0.7)
    assert only(recommend(run_of([*ROWS, trained]), Policy())).chosen == trained
    assert not is_untrained(trained) and all(map(is_untrained, ROWS))
