"""Measurements for the tests of the Pareto front and of recommendations, with hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flat_rows import changed, measurement
from hypothesis import strategies as st

from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement, Run
from edgebench.core.policy import NAMES, PREFERENCES, Policy, Weights

CELL = measurement(
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
    """A cell with its metrics; `half` is half the interval of its paired difference to fp32, whose F1 is 0.7."""
    delta = f1 - 0.7
    return changed(
        CELL, model=model, exporter=name, latency_p50_s=latency, latency_p50_low_s=low, latency_p50_high_s=high,
        file_size_bytes=size, peak_rss_bytes=memory, macro_f1=f1, macro_f1_low=f1 - 0.04, macro_f1_high=f1 + 0.04,
        delta_macro_f1=delta, delta_low=delta - half, delta_high=delta + half,
    )  # fmt: skip


CIRCLE = (
    cell("a", 3.5, 3.0, 4.0, 3, 100, 0.7120),
    cell("b", 1.5, 1.0, 2.0, 3, 104, 0.7050),
    cell("c", 2.5, 1.5, 3.5, 3, 108, 0.7200),
)
"""a is better than c in memory, c than b in macro-F1, b than a in latency; the other metrics are within the noise."""


def shares(least: int, most: int, parts: int) -> st.SearchStrategy[float]:
    """Numbers on a coarse grid, so that ties and narrow differences are common."""
    return st.integers(least, most).map(lambda n: n / parts)


@st.composite
def cells(draw: st.DrawFn, most: int = 8, emulated: bool | None = False) -> list[Measurement]:
    """Cells of one machine, some without a metric or without any, often with a circle of noise among them.

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
            m = changed(m, target="pi", emulated=True, verdict="emulated")
        what = draw(st.sampled_from(["", "", "", "", "failed", "no score", "no reference"]))
        if what == "failed":
            m = changed(m, status="failed", reason="it broke", latency_p50_s=None)
        elif what == "no score":
            m = changed(m, macro_f1=None)
        elif what == "no reference":
            m = changed(m, delta_macro_f1=None, delta_low=None, delta_high=None)
        found.append(m)
    return found


BOUNDS: dict[str, st.SearchStrategy[float]] = {
    "max_latency_s": shares(1, 12, 4), "max_size_bytes": st.integers(1, 4), "max_memory_bytes": st.integers(96, 112),
    "min_score": shares(690, 712, 1000), "max_drop": shares(0, 12, 1000),
}  # fmt: skip
"""On the grid of the cells."""


def policies() -> st.SearchStrategy[Policy]:
    """Any bounds, and a preference or weights."""
    bounds = {name: st.none() | some for name, some in BOUNDS.items()}
    weights = st.builds(Weights, **{name: st.none() | st.sampled_from([0.5, 2.0, 7.0]) for name in NAMES})
    preferring = st.builds(Policy, **bounds, prefer=st.sampled_from(PREFERENCES))
    return preferring | st.builds(Policy, **bounds, weights=weights)


def one_more() -> st.SearchStrategy[tuple[Policy, Policy]]:
    """A policy without some bound and the same with it."""
    one = st.one_of(*(st.tuples(st.just(name), some) for name, some in BOUNDS.items()))
    return st.builds(lambda policy, more: (_with(policy, more[0], None), _with(policy, *more)), policies(), one)


def _with(policy: Policy, name: str, value: float | None) -> Policy:
    return Policy(**(vars(policy) | {name: value}))


def run_of(rows: Sequence[Measurement]) -> Run:
    """A run without a folder."""
    return Run("r", Path("nowhere"), {"targets": ["host", "pi"]}, {}, tuple(rows))


MIXED = cells(most=6, emulated=None)
FAST = cell("fast", 0.001, 0.0009, 0.0011, 3_000_000, 100_000_000, 0.690)
GOOD = cell("good", 0.002, 0.0019, 0.0021, 5_000_000, 100_000_000, 0.710)
SMALL = cell("small", 0.004, 0.0038, 0.0042, 1_000_000, 300_000_000, 0.702)


def measured(rows: list[Measurement], target: str) -> list[Measurement]:
    """The cells of a target that may be recommended."""
    return [m for m in rows if m.cell.target == target and m.status == "ok" and m.scores]


def within(m: Measurement, bounds: Policy) -> bool:
    """Whether a cell meets all bounds, each as its option says; without one, a drop of 0.01 is allowed."""
    assert m.latency and m.artifact and m.scores
    memory, f1 = m.memory.peak_rss_bytes if m.memory else None, m.scores.primary
    return (
        (bounds.max_latency_s is None or m.emulated or m.latency.p50_s <= bounds.max_latency_s)
        and (bounds.max_size_bytes is None or m.artifact.file_size_bytes <= bounds.max_size_bytes)
        and (bounds.max_memory_bytes is None or (memory is not None and memory <= bounds.max_memory_bytes))
        and (bounds.min_score is None or f1.value >= bounds.min_score)
        and (bounds.max_drop is None if f1.delta is None else f1.delta >= -allowed(bounds) - 1e-12)
    )


def allowed(policy: Policy) -> float:
    """The allowed drop of macro-F1."""
    return 0.01 if policy.max_drop is None else policy.max_drop


def only(answers: list[Recommendation]) -> Recommendation:
    """The one answer of one target."""
    (answer,) = answers
    return answer
