"""What every renderer starts from: the rows in the order in which people read them, and their numbers as texts."""

from __future__ import annotations

from edgebench.core.measurements import Measurement, Run
from edgebench.core.results import Score, Steadiness
from edgebench.core.units import count as count
from edgebench.core.units import duration as duration
from edgebench.core.units import size as size

USELESS = 10.0
"""An interval whose ends differ by this factor says nothing; two processes that differ have such intervals."""
UNSURE = "unsure"
"""The text in place of such an interval."""
COLUMNS = ("model", "exporter", "target", "size", "zip", "memory", "p50 latency", "macro-F1", "Δ F1", "timing")
"""Headings of the short table."""


def ordered(run: Run) -> list[Measurement]:
    """The plan's targets in their order; on each, measured cells from the fastest, then the others by name."""
    targets = [*run.plan.get("targets", []), *sorted({m.cell.target for m in run.measurements})]

    def place(m: Measurement) -> tuple[object, ...]:
        p50 = m.latency.p50_s if m.latency and not m.emulated else float("inf")
        return (targets.index(m.cell.target), m.status != "ok", m.cell.model, p50, m.cell.variant, m.cell.exporter)

    return sorted(run.measurements, key=place)


def f1_score(m: Measurement) -> Score | None:
    """Macro-F1 of a cell; None where it was not scored."""
    return m.scores.macro_f1 if m.scores else None


def steadiness(m: Measurement) -> Steadiness:
    """How far the timing of a cell can be trusted; without a verdict where it was not timed."""
    return m.latency.steadiness if m.latency else Steadiness()


def file_size(m: Measurement) -> int | None:
    """Bytes of the artifact's file."""
    return m.artifact.file_size_bytes if m.artifact else None


def peak_memory(m: Measurement) -> int | None:
    """Bytes of the peak of resident memory."""
    return m.memory.peak_rss_bytes if m.memory else None


def median(m: Measurement) -> float | None:
    """The median latency in seconds."""
    return m.latency.p50_s if m.latency else None


def latency(m: Measurement) -> str:
    """The median with its interval; the column `timing` says whether it is emulated."""
    if m.latency is None:
        return ""
    low, p50, high = (1e3 * s for s in (m.latency.p50_low_s, m.latency.p50_s, m.latency.p50_high_s))
    digits = 2 if p50 >= 1 else 3 if p50 >= 0.1 else 4  # one unit in all rows, so that they compare at a glance
    interval = UNSURE if high > USELESS * low else f"{low:.{digits}f}–{high:.{digits}f}"
    return f"{p50:.{digits}f} ms ({interval})"


def f1(m: Measurement) -> str:
    """Macro-F1 with its interval."""
    score = f1_score(m)
    if score is None or score.low is None or score.high is None:
        return ""
    return f"{score.value:.3f} ({score.low:.3f}–{score.high:.3f})"


def delta(m: Measurement) -> str:
    """Difference of macro-F1 to the uncompressed fp32 model."""
    score = f1_score(m)
    return "" if score is None or score.delta is None else f"{score.delta + 0.0:+.4f}"


def timing(m: Measurement) -> str:
    """The verdict, or the status of a cell that was not measured."""
    return steadiness(m).verdict or "" if m.status == "ok" else m.status


def doubt(m: Measurement) -> str:
    """The verdict with the reason to doubt the timing; empty where there is none."""
    found = steadiness(m)
    return f"{found.verdict}: {found.reason}" if m.status == "ok" and found.reason else ""


def has_passes(m: Measurement) -> bool:
    """Whether a cell was timed in another way than in the closed loop, or its energy measured."""
    return bool(m.latency and (m.latency.paced or m.latency.batches or m.latency.cold or m.latency.energy))


def row(m: Measurement) -> list[str]:
    """The cells of the short table; missing values are empty."""
    zipped = m.artifact.zip_size_bytes if m.artifact else None
    return [
        m.cell.model, m.cell.name, m.cell.target, size(file_size(m)), size(zipped), size(peak_memory(m)), latency(m),
        f1(m), delta(m), timing(m),
    ]  # fmt: skip
