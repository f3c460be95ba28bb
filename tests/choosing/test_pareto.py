"""The Pareto front: what it promises, against a slow definition of its own."""

from __future__ import annotations

import time

import numpy as np
import pytest
from decisions import CELL, CIRCLE, cell, cells
from flat_rows import changed, value
from hypothesis import example, given
from hypothesis import strategies as st

from edgebench.choosing import pareto
from edgebench.core.measurements import Measurement

LISTS = cells(most=9)


def sign(a: float | None, b: float | None, noise: float) -> int:
    """-1 where a is smaller than b beyond the noise, 1 where it is larger."""
    if a is None or b is None or abs(a - b) <= noise:
        return 0
    return -1 if a < b else 1


def interval(m: Measurement) -> tuple[float, float]:
    assert m.latency is not None
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
        sign(value(one, "file_size_bytes"), value(other, "file_size_bytes"), 0),
        sign(
            value(one, "peak_rss_bytes"),
            value(other, "peak_rss_bytes"),
            0.05 * max(value(one, "peak_rss_bytes") or 0, value(other, "peak_rss_bytes") or 0),
        ),
        -sign(value(one, "macro_f1"), value(other, "macro_f1"), max(half(one, paired), half(other, paired))),
    ]
    return max(signs) <= 0 and min(signs) < 0


def reached(start: Measurement, rows: list[Measurement]) -> set[str]:
    """What a cell beats, itself or over others."""
    found: set[str] = set()
    todo = [start]
    while todo:
        one = todo.pop()
        new = [m for m in rows if m.cell.id not in found and better(one, m)]
        found |= {m.cell.id for m in new}
        todo += new
    return found


def ranked(rows: list[Measurement]) -> list[Measurement]:
    return [m for m in rows if m.status == "ok" and value(m, "macro_f1") is not None and not m.emulated]


@given(LISTS)
@example(list(CIRCLE))
def test_what_the_front_promises(rows: list[Measurement]) -> None:
    known, front = ranked(rows), pareto.front(rows)
    assert bool(front) == bool(known)
    assert front <= {m.cell.id for m in known}
    below = {m.cell.id: reached(m, known) for m in known}
    for m in known:
        me = m.cell.id
        dominating = {other for other in below if me in below[other] and other not in below[me]}
        if me in front:
            assert not dominating
            beating = {o.cell.id for o in known if better(o, m)}
            assert beating <= front & below[me], "what beats a cell of the front is in a circle with it, on the front"
        else:
            assert dominating & front
            assert any(better(other, m) for other in known)


@given(LISTS, st.randoms(use_true_random=False))
@example(list(CIRCLE), None)
def test_the_order_of_rows_plays_no_part(rows: list[Measurement], random: object) -> None:
    mixed = rows[::-1]
    if random is not None:
        random.shuffle(mixed)  # type: ignore[attr-defined]
    assert pareto.front(mixed) == pareto.front(rows)


def test_a_circle_stands_on_the_front_as_a_whole() -> None:
    a, b, c = CIRCLE
    assert better(a, c) and better(c, b) and better(b, a)
    assert pareto.front(CIRCLE) == {m.cell.id for m in CIRCLE}
    best = cell("best", 0.5, 0.4, 0.6, 2, 90, 0.75)
    assert pareto.front([*CIRCLE, best]) == {best.cell.id}
    hanger = changed(b, exporter="below", file_size_bytes=4)
    assert pareto.front([*CIRCLE, hanger]) == {m.cell.id for m in CIRCLE}, "what hangs on a circle is off the front"


def test_noise_does_not_dominate() -> None:
    base = cell("base", 1.0, 0.9, 1.1, 1000, 100, 0.70)
    near = cell("near", 1.15, 1.05, 1.25, 1000, 104, 0.692)
    assert pareto.front([base, near]) == {base.cell.id, near.cell.id}
    for worse in (
        changed(near, latency_p50_low_s=1.11), changed(near, peak_rss_bytes=106), changed(near, macro_f1=0.689),
        changed(near, file_size_bytes=1001),
    ):  # fmt: skip
        assert pareto.front([base, worse]) == {base.cell.id}


def test_models_of_their_own_are_held_against_each_other_by_their_whole_intervals() -> None:
    """Differences to fp32 are to another fp32 model there: fp32 cells have none at all."""
    one = cell("onnx", 1.0, 0.9, 1.1, 1000, 100, 0.70, half=0.0)
    assert pareto.front([one, changed(one, exporter="eager", macro_f1=0.69)]) == {one.cell.id}
    assert len(pareto.front([one, changed(one, model="other", macro_f1=0.69)])) == 2
    assert len(pareto.front([one, changed(one, model="other", macro_f1=0.65)])) == 1


def test_a_missing_figure_says_nothing() -> None:
    base = changed(CELL, exporter="base")
    assert pareto.front([base, changed(base, exporter="unknown", peak_rss_bytes=None)]) == {
        base.cell.id, "net~none~unknown~host"
    }  # fmt: skip
    for gone in (changed(base, macro_f1=None), changed(base, file_size_bytes=None), changed(base, latency_p50_s=None)):
        assert not pareto.front([gone])


def test_targets_and_data_sets_have_fronts_of_their_own() -> None:
    worse = changed(CELL, latency_p50_s=0.03, latency_p50_low_s=0.03, latency_p50_high_s=0.03)
    assert pareto.front([CELL, changed(worse, exporter="b")]) == {CELL.cell.id}
    assert len(pareto.front([CELL, changed(worse, target="cuda")])) == 2
    assert len(pareto.front([CELL, changed(worse, exporter="b", dataset="others")])) == 2


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
    front = pareto.front(rows)
    assert time.process_time() - start < 1.0  # of the processor: others at work beside the tests do not count
    assert len(front) == 500 if circles else 1 < len(front) < 100
