"""The Pareto front: what it promises, against a slow definition of its own."""

from __future__ import annotations

import time

import numpy as np
import pytest
from decisions import CELL, CIRCLE, cell, cells
from flat_rows import changed, value
from hypothesis import example, given
from hypothesis import strategies as st

from edgebench.choosing import pareto, rule
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy

LISTS = cells(most=9)


POLICY = Policy()


def sign(a: float | None, b: float | None, noise: float) -> int:
    """-1 where a is smaller than b beyond the noise, 1 where it is larger."""
    if a is None or b is None or abs(a - b) <= noise:
        return 0
    return -1 if a < b else 1


def interval(m: Measurement) -> tuple[float, float]:
    assert m.latency is not None and m.latency.p50_low_s is not None and m.latency.p50_high_s is not None
    return m.latency.p50_low_s, m.latency.p50_high_s


def half(m: Measurement, paired: bool) -> float:
    assert m.scores is not None
    f1 = m.scores.primary
    if paired and f1.delta_low is not None and f1.delta_high is not None:
        return (f1.delta_high - f1.delta_low) / 2
    return ((f1.high or 0) - (f1.low or 0)) / 2


def better(one: Measurement, other: Measurement) -> bool:
    """The definition, one pair at a time."""
    paired = one.cell.model == other.cell.model
    (low, high), (other_low, other_high) = interval(one), interval(other)
    signs = [
        -1 if high < other_low else int(other_high < low),
        sign(
            value(one, "file_size_bytes"),
            value(other, "file_size_bytes"),
            0.05 * max(value(one, "file_size_bytes") or 0, value(other, "file_size_bytes") or 0),
        ),
        sign(
            value(one, "peak_rss_bytes"),
            value(other, "peak_rss_bytes"),
            0.05 * max(value(one, "peak_rss_bytes") or 0, value(other, "peak_rss_bytes") or 0),
        ),
        -sign(value(one, "macro_f1"), value(other, "macro_f1"), max(half(one, paired), half(other, paired))),
    ]
    return max(signs) <= 0 and min(signs) < 0 and rule.cost(one, POLICY) < rule.cost(other, POLICY)


def ranked(rows: list[Measurement]) -> list[Measurement]:
    """Those that may be on the front: 0.01 of macro-F1 may be lost."""
    known = [m for m in rows if m.status == "ok" and value(m, "macro_f1") is not None and not m.emulated]
    return [m for m in known if (value(m, "delta_macro_f1") or 0) >= -0.01 - 1e-12]


@given(LISTS)
@example(list(CIRCLE))
def test_what_the_front_promises(rows: list[Measurement]) -> None:
    known, front = ranked(rows), pareto.front(rows, POLICY)
    assert bool(front) == bool(known)
    assert front <= {m.cell.id for m in known}
    for m in known:
        ahead = {other.cell.id for other in known if better(other, m)}
        assert (m.cell.id in front) == (not ahead)
        assert not ahead or any(better(other, m) for other in known if other.cell.id in front) or ahead - front


@given(LISTS, st.randoms(use_true_random=False))
@example(list(CIRCLE), None)
def test_the_order_of_rows_plays_no_part(rows: list[Measurement], random: object) -> None:
    mixed = rows[::-1]
    if random is not None:
        random.shuffle(mixed)  # type: ignore[attr-defined]
    assert pareto.front(mixed, POLICY) == pareto.front(rows, POLICY)


def test_noise_in_a_circle_leaves_the_front_a_cell() -> None:
    """Each is better than the next beyond the noise; by the cost one of them is not worth its place."""
    loose = Policy(max_drop=1.0)
    front = pareto.front(CIRCLE, loose)
    cheapest = min(CIRCLE, key=lambda m: rule.cost(m, loose))
    assert cheapest.cell.id in front and 1 <= len(front) < len(CIRCLE)


def test_what_lost_too_much_is_on_no_front_and_takes_no_star() -> None:
    base = cell("base", 1.0, 0.9, 1.1, 1000, 100, 0.70)
    lost = cell("lost", 0.1, 0.09, 0.11, 100, 10, 0.68)
    assert pareto.front([base, lost], POLICY) == {base.cell.id}
    assert lost.cell.id in pareto.front([base, lost], Policy(max_drop=0.05))


def test_noise_does_not_dominate() -> None:
    base = cell("base", 1.0, 0.9, 1.1, 1000, 100, 0.70)
    near = cell("near", 1.15, 1.05, 1.25, 1000, 104, 0.692)
    assert pareto.front([base, near], POLICY) == {base.cell.id, near.cell.id}
    for worse in (
        changed(near, latency_p50_low_s=1.11),
        changed(near, peak_rss_bytes=106),
        changed(near, macro_f1=0.6895, delta_macro_f1=-0.0095, delta_low=-0.012, delta_high=-0.007),
        changed(near, file_size_bytes=1060),
    ):  # fmt: skip
        assert pareto.front([base, worse], POLICY) == {base.cell.id}


def test_models_of_their_own_are_held_against_each_other_by_their_whole_intervals() -> None:
    """Differences to fp32 are to another fp32 model there: fp32 cells have none at all."""
    one = cell("onnx", 1.0, 0.9, 1.1, 1000, 100, 0.70, half=0.0)
    assert pareto.front([one, changed(one, exporter="eager", macro_f1=0.69)], POLICY) == {one.cell.id}
    assert len(pareto.front([one, changed(one, model="other", macro_f1=0.69)], POLICY)) == 2
    assert len(pareto.front([one, changed(one, model="other", macro_f1=0.65)], POLICY)) == 1


def test_a_missing_figure_says_nothing() -> None:
    base = changed(CELL, exporter="base")
    assert pareto.front([base, changed(base, exporter="unknown", peak_rss_bytes=None)], POLICY) == {
        base.cell.id, "net~none~unknown~host"
    }  # fmt: skip
    for gone in (changed(base, macro_f1=None), changed(base, file_size_bytes=None), changed(base, latency_p50_s=None)):
        assert not pareto.front([gone], POLICY)


def test_targets_and_data_sets_have_fronts_of_their_own() -> None:
    worse = changed(CELL, latency_p50_s=0.03, latency_p50_low_s=0.03, latency_p50_high_s=0.03)
    assert pareto.front([CELL, changed(worse, exporter="b")], POLICY) == {CELL.cell.id}
    assert len(pareto.front([CELL, changed(worse, target="cuda")], POLICY)) == 2
    assert len(pareto.front([CELL, changed(worse, exporter="b", dataset="others")], POLICY)) == 2


@pytest.mark.parametrize("circles", [False, True])
def test_500_cells_take_well_under_a_second(circles: bool) -> None:
    random = np.random.default_rng(0)
    if circles:  # all of them in circles: copies of three that beat each other
        rows = [changed(CIRCLE[i % 3], exporter=f"x{i}") for i in range(500)]
    else:
        figures = random.uniform(1, 2, (500, 3)).tolist()
        rows = [
            cell(f"x{i}", a, a * 0.95, a * 1.05, int(1e6 * b), int(1e6 * c), 0.7) for i, (a, b, c) in enumerate(figures)
        ]
    start = time.process_time()
    front = pareto.front(rows, POLICY)
    assert time.process_time() - start < 1.0  # of the processor: others at work beside the tests do not count
    assert 1 < len(front) < 400
