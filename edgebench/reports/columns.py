"""What every renderer starts from: the rows in the order in which people read them, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.contracts import Measurement, Run

COLUMNS = ("model", "exporter", "target", "size", "memory", "p50 latency", "macro-F1", "Δ F1", "timing")
"""Headings of the short table."""


def ordered(run: Run) -> list[Measurement]:
    """The plan's targets in their order; on each, measured cells from the fastest, then the others by name."""
    targets = [*run.plan.get("targets", []), *sorted({m.target for m in run.measurements})]

    def place(m: Measurement) -> tuple[object, ...]:
        latency = m.latency_p50_s if m.latency_p50_s is not None and not m.emulated else float("inf")
        return (targets.index(m.target), m.status != "ok", m.model, latency, m.variant, m.exporter)

    return sorted(run.measurements, key=place)


def best(measurements: Sequence[Measurement]) -> set[str]:
    """Ids of the best trade-offs of each target: no other cell is better in one figure and no worse in the rest.

    The figures are file size, latency, peak memory and macro-F1. Emulated cells are never ranked.
    """
    ranked = [m for m in measurements if m.status == "ok" and not m.emulated and _figures(m) is not None]
    return {
        m.cell.id
        for m in ranked
        if not any(_beats(o, m) for o in ranked if (o.target, o.dataset) == (m.target, m.dataset))
    }


def _figures(m: Measurement) -> tuple[float, ...] | None:
    """Smaller is better in each."""
    figures = (m.file_size_bytes, m.latency_p50_s, m.peak_rss_bytes, m.macro_f1)
    if any(f is None for f in figures):
        return None
    return (*(float(f or 0) for f in figures[:3]), -float(m.macro_f1 or 0))


def _beats(one: Measurement, other: Measurement) -> bool:
    a, b = _figures(one), _figures(other)
    assert a is not None and b is not None
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def size(value: float | None) -> str:
    """Bytes as megabytes (10⁶ bytes), with a sensible number of digits."""
    if value is None:
        return ""
    return f"{value / 1e6:.2f} MB" if value < 10e6 else f"{value / 1e6:.0f} MB"


def duration(value: float | None) -> str:
    """Seconds in ms or µs, with three digits."""
    if value is None:
        return ""
    number, unit = (value * 1e3, "ms") if value >= 1e-3 else (value * 1e6, "µs")
    return f"{number:#.3g}".rstrip(".") + f" {unit}"


def latency(m: Measurement) -> str:
    """The median with its interval; what an emulated one is stands in the column `timing`."""
    if m.latency_p50_s is None or m.latency_p50_low_s is None or m.latency_p50_high_s is None:
        return ""
    low, high = m.latency_p50_low_s * 1e3, m.latency_p50_high_s * 1e3
    return f"{m.latency_p50_s * 1e3:.2f} ms ({low:.2f}–{high:.2f})"


def f1(m: Measurement) -> str:
    """Macro-F1 with its interval."""
    if m.macro_f1 is None or m.macro_f1_low is None or m.macro_f1_high is None:
        return ""
    return f"{m.macro_f1:.3f} ({m.macro_f1_low:.3f}–{m.macro_f1_high:.3f})"


def delta(m: Measurement) -> str:
    """Difference of macro-F1 to the uncompressed fp32 model."""
    return "" if m.delta_macro_f1 is None else f"{m.delta_macro_f1 + 0.0:+.4f}"


def timing(m: Measurement) -> str:
    """The verdict, or for a cell without numbers its status."""
    return m.verdict or "" if m.status == "ok" else m.status


def name(m: Measurement) -> str:
    """Exporter, and the variant where there is one."""
    return m.exporter if m.variant == "none" else f"{m.exporter} · {m.variant}"


def row(m: Measurement) -> list[str]:
    """The cells of the short table; what is missing is empty."""
    return [
        m.model, name(m), m.target, size(m.file_size_bytes), size(m.peak_rss_bytes), latency(m), f1(m), delta(m),
        timing(m),
    ]  # fmt: skip
