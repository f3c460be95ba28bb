"""Measurements for the tests of the Pareto front and of recommendations, with hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from edgebench.choosing import pareto
from edgebench.choosing.limits import Limits
from edgebench.choosing.pareto import FIGURES, Figure
from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement, Run

CELL = Measurement(
    run="r", model="net", variant="none", exporter="onnx", format="onnx", precision="fp32", target="host", status="ok",
    reason="", emulated=False, file_size_bytes=1000, peak_rss_bytes=100, latency_p50_s=0.010, latency_p50_low_s=0.009,
    latency_p50_high_s=0.011, verdict="stable", dataset="records", records=60, macro_f1=0.70, macro_f1_low=0.66,
    macro_f1_high=0.74, delta_macro_f1=-0.002, delta_low=-0.012, delta_high=0.008, artifact_sha256="a" * 64,
    host="a machine",
)  # fmt: skip


def cell(
    name: str, latency: float, low: float, high: float, size: int, memory: int | None, f1: float, half: float = 0.01,
    model: str = "net",
) -> Measurement:  # fmt: skip
    """A cell with its figures; `half` is half the interval of its paired difference to fp32, whose F1 is 0.7."""
    delta = f1 - 0.7
    return replace(
        CELL, model=model, exporter=name, latency_p50_s=latency, latency_p50_low_s=low, latency_p50_high_s=high,
        file_size_bytes=size, peak_rss_bytes=memory, macro_f1=f1, macro_f1_low=f1 - 0.04, macro_f1_high=f1 + 0.04,
        delta_macro_f1=delta, delta_low=delta - half, delta_high=delta + half,
    )  # fmt: skip


CIRCLE = (
    cell("a", 3.5, 3.0, 4.0, 3, 100, 0.7120),
    cell("b", 1.5, 1.0, 2.0, 3, 104, 0.7050),
    cell("c", 2.5, 1.5, 3.5, 3, 108, 0.7200),
)
"""a beats c in memory, c beats b in macro-F1, b beats a in latency; in each pair the rest is within the noise."""


def shares(least: int, most: int, parts: int) -> st.SearchStrategy[float]:
    """Numbers on a coarse grid, so that ties and narrow differences are common."""
    return st.integers(least, most).map(lambda n: n / parts)


@st.composite
def cells(draw: st.DrawFn, most: int = 8, emulated: bool | None = False) -> list[Measurement]:
    """Cells of one machine, some without a figure or without any, often with a circle among them.

    `emulated` None has some of an emulated target.
    """
    found = list(CIRCLE) if draw(st.booleans()) else []
    for number in range(draw(st.integers(0, most))):
        latency = draw(shares(1, 12, 4))
        m = cell(
            f"x{number}", latency, latency * (1 - draw(shares(0, 5, 10))), latency * (1 + draw(shares(0, 10, 10))),
            draw(st.integers(1, 4)), draw(st.none() | st.integers(96, 112)), draw(shares(690, 712, 1000)),
            draw(shares(0, 12, 1000)), draw(st.sampled_from(["net", "other"])),
        )  # fmt: skip
        if emulated is None and draw(st.booleans()):
            m = replace(m, target="pi", emulated=True, verdict="emulated")
        what = draw(st.sampled_from(["", "", "", "", "failed", "no score", "no reference", "no interval"]))
        if what == "failed":
            m = replace(m, status="failed", reason="it broke", latency_p50_s=None)
        elif what == "no score":
            m = replace(m, macro_f1=None)
        elif what == "no reference":
            m = replace(m, delta_macro_f1=None, delta_low=None, delta_high=None)
        elif what == "no interval":
            m = replace(m, latency_p50_low_s=None, latency_p50_high_s=None)
        found.append(m)
    return found


BOUNDS: dict[str, st.SearchStrategy[float]] = {
    "max_latency_s": shares(1, 12, 4), "max_size_bytes": st.integers(1, 4), "max_memory_bytes": st.integers(96, 112),
    "min_f1": shares(690, 712, 1000), "max_f1_drop": shares(0, 12, 1000),
}  # fmt: skip
"""On the grid of the cells."""


def limits() -> st.SearchStrategy[Limits]:
    """Bounds, each given or not, and a preference."""
    prefer: st.SearchStrategy[Figure] = st.sampled_from(FIGURES)
    return st.builds(Limits, **{name: st.none() | some for name, some in BOUNDS.items()}, prefer=prefer)


def one_more() -> st.SearchStrategy[tuple[Limits, Limits]]:
    """Limits without some bound and the same with it."""
    one = st.one_of(*(st.tuples(st.just(name), some) for name, some in BOUNDS.items()))
    return st.builds(lambda limits, more: (_with(limits, more[0], None), _with(limits, *more)), limits(), one)


def _with(limits: Limits, name: str, value: float | None) -> Limits:
    return Limits(**(vars(limits) | {name: value}))


def run_of(rows: Sequence[Measurement]) -> Run:
    """A run without a folder."""
    return Run("r", Path("nowhere"), {"targets": ["host", "pi"]}, {}, tuple(rows))


MIXED = cells(most=6, emulated=None)
FAST = cell("fast", 0.001, 0.0009, 0.0011, 3_000_000, 100_000_000, 0.690)
GOOD = cell("good", 0.002, 0.0019, 0.0021, 5_000_000, 100_000_000, 0.710)
SMALL = cell("small", 0.004, 0.0038, 0.0042, 1_000_000, 300_000_000, 0.702)


def measured(rows: list[Measurement], target: str) -> list[Measurement]:
    """The cells of a target that may be recommended."""
    return [m for m in rows if m.target == target and m.status == "ok" and m.macro_f1 is not None]


def within(m: Measurement, given: Limits) -> bool:
    """Whether a cell meets all bounds, each as its option says."""
    latency, memory, f1, delta = m.latency_p50_s, m.peak_rss_bytes, m.macro_f1, m.delta_macro_f1
    assert latency is not None and m.file_size_bytes is not None and f1 is not None
    return (
        (given.max_latency_s is None or m.emulated or latency <= given.max_latency_s)
        and (given.max_size_bytes is None or m.file_size_bytes <= given.max_size_bytes)
        and (given.max_memory_bytes is None or (memory is not None and memory <= given.max_memory_bytes))
        and (given.min_f1 is None or f1 >= given.min_f1)
        and (given.max_f1_drop is None or (delta is not None and delta >= -given.max_f1_drop))
    )


def ranking(m: Measurement, given: Limits) -> tuple[Figure, tuple[Figure, ...]]:
    """The figure that counts on a cell's target, and those that are compared there."""
    if not m.emulated:
        return given.prefer, FIGURES
    return ("size" if given.prefer == "latency" else given.prefer), ("size", "memory", "f1")


def better(one: Measurement, other: Measurement, figure: Figure) -> bool:
    """Whether one cell is clearly better than the other."""
    return bool(pareto.clear([one, other], figure)[0, 1] < 0)


def figure(m: Measurement, name: Figure) -> float | None:
    """What the cell has of a figure."""
    return {"latency": m.latency_p50_s, "size": m.file_size_bytes, "memory": m.peak_rss_bytes, "f1": m.macro_f1}[name]


def only(answers: list[Recommendation]) -> Recommendation:
    """The one answer of one target."""
    (answer,) = answers
    return answer
