"""What every renderer starts from: the rows in the order in which people read them, and numbers as people read them."""

from __future__ import annotations

from edgebench.core.measurements import Measurement, Run
from edgebench.core.units import count as count
from edgebench.core.units import duration as duration
from edgebench.core.units import size as size

USELESS = 10.0
"""An interval whose ends are so many times apart says nothing; two processes that differ have such ones."""
UNSURE = "unsure"
"""What stands in place of such an interval."""
COLUMNS = ("model", "exporter", "target", "size", "zip", "memory", "p50 latency", "macro-F1", "Δ F1", "timing")
"""Headings of the short table."""


def ordered(run: Run) -> list[Measurement]:
    """The plan's targets in their order; on each, measured cells from the fastest, then the others by name."""
    targets = [*run.plan.get("targets", []), *sorted({m.target for m in run.measurements})]

    def place(m: Measurement) -> tuple[object, ...]:
        latency = m.latency_p50_s if m.latency_p50_s is not None and not m.emulated else float("inf")
        return (targets.index(m.target), m.status != "ok", m.model, latency, m.variant, m.exporter)

    return sorted(run.measurements, key=place)


def latency(m: Measurement) -> str:
    """The median with its interval; what an emulated one is stands in the column `timing`."""
    if m.latency_p50_s is None or m.latency_p50_low_s is None or m.latency_p50_high_s is None:
        return ""
    low, p50, high = (1e3 * s for s in (m.latency_p50_low_s, m.latency_p50_s, m.latency_p50_high_s))
    digits = 2 if p50 >= 1 else 3 if p50 >= 0.1 else 4  # one unit in all rows: they can be compared at a glance
    interval = UNSURE if high > USELESS * low else f"{low:.{digits}f}–{high:.{digits}f}"
    return f"{p50:.{digits}f} ms ({interval})"


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


def doubt(m: Measurement) -> str:
    """Why the timing is not to be trusted, behind the verdict; empty where there is no reason not to."""
    return f"{m.verdict}: {m.verdict_reason}" if m.status == "ok" and m.verdict_reason else ""


def name(m: Measurement) -> str:
    """Exporter, and the variant where there is one."""
    return m.cell.name


def row(m: Measurement) -> list[str]:
    """The cells of the short table; what is missing is empty."""
    return [
        m.model, name(m), m.target, size(m.file_size_bytes), size(m.zip_size_bytes), size(m.peak_rss_bytes), latency(m),
        f1(m), delta(m), timing(m),
    ]  # fmt: skip
