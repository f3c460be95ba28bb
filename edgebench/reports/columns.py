"""What every renderer starts from: the rows in the order in which people read them, and their numbers as texts."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.core.flat_row import metrics_of
from edgebench.core.measurements import Measurement, Run
from edgebench.core.metrics import Metric
from edgebench.core.results import Score, Steadiness
from edgebench.core.units import count as count
from edgebench.core.units import duration as duration
from edgebench.core.units import size as size
from edgebench.reports import words

USELESS = 10.0
"""An interval whose ends differ by this factor says nothing; two processes that differ have such intervals."""
UNSURE = "unsure"
"""The text in place of such an interval."""
NO_METRIC = "score"
"""Heading where no cell was scored."""


def ordered(run: Run) -> list[Measurement]:
    """The plan's targets in their order; on each, measured cells from the fastest, then the others by name."""
    targets = [*run.plan.get("targets", []), *sorted({m.cell.target for m in run.measurements})]

    def place(m: Measurement) -> tuple[object, ...]:
        p50 = m.latency.p50_s if m.latency and not m.emulated else float("inf")
        return (targets.index(m.cell.target), m.status != "ok", m.cell.model, p50, m.cell.variant, m.cell.exporter)

    return sorted(run.measurements, key=place)


def headings(rows: Sequence[Measurement]) -> list[str]:
    """Headings of the short table."""
    return ["model", "exporter", "target", "size", "zip", "memory", "p50 latency", *score_headings(rows), "timing"]


def score_headings(rows: Sequence[Measurement]) -> tuple[str, str]:
    """Headings of the primary metric and of its difference to the fp32 model."""
    metric = next(iter(metrics(rows)), None)
    return (metric.heading, f"Δ {metric.narrow}") if metric else (NO_METRIC, f"Δ {NO_METRIC}")


def metrics(rows: Sequence[Measurement]) -> tuple[Metric, ...]:
    """The metrics of the rows, the primary one first."""
    return metrics_of(rows)


def label(rows: Sequence[Measurement]) -> str:
    """What the primary metric is called."""
    return next((one.label for one in metrics(rows)), NO_METRIC)


def table_label(name: str) -> str:
    """The heading of a table by class, such as `Recall by class` of `recall_by_class`."""
    words = name.replace("_", " ")
    first, _, rest = words.partition(" ")
    return f"{first.upper() if len(first) <= 3 else first.capitalize()} {rest}".strip()


def score_of(m: Measurement) -> Score | None:
    """The primary metric of a cell; None where it was not scored."""
    return m.scores.primary if m.scores else None


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
    p50, low_s, high_s = 1e3 * m.latency.p50_s, m.latency.p50_low_s, m.latency.p50_high_s
    digits = 2 if p50 >= 1 else 3 if p50 >= 0.1 else 4  # one unit in all rows, so that they compare at a glance
    if low_s is None or high_s is None:
        return f"{p50:.{digits}f} ms"
    low, high = 1e3 * low_s, 1e3 * high_s
    interval = UNSURE if high > USELESS * low else f"{low:.{digits}f}–{high:.{digits}f}"
    return f"{p50:.{digits}f} ms ({interval})"


def score(m: Measurement) -> str:
    """The primary metric with its interval."""
    one = score_of(m)
    if one is None or one.low is None or one.high is None:
        return ""
    text = one.metric.text
    return f"{text(one.value)} ({text(one.low)}–{text(one.high)})"


def delta(m: Measurement) -> str:
    """Difference of the primary metric to the uncompressed fp32 model."""
    one = score_of(m)
    return "" if one is None or one.delta is None else one.metric.change(one.delta)


def timing(m: Measurement) -> str:
    """The verdict, or the status of a cell that was not measured."""
    return steadiness(m).verdict or ("emulated" if m.emulated else "") if m.status == "ok" else m.status


def doubt(m: Measurement) -> str:
    """The verdict with the reason to doubt the timing; empty where there is none."""
    found = steadiness(m)
    return f"{found.verdict}: {found.reason}" if m.status == "ok" and found.reason else ""


def lacks(m: Measurement) -> bool:
    """Whether a cell was not measured, or was but not scored for a reason."""
    return m.status != "ok" or bool(m.reason)


def lacking(m: Measurement) -> str:
    """What a cell lacks: its status, or `no score` where it was measured."""
    return "no score" if m.status == "ok" else m.status


def unscored(rows: Sequence[Measurement], otherwise: str) -> str:
    """The words in place of the score's where no row has one: of untrained networks, or those of `otherwise`."""
    return words.UNTRAINED if any(m.artifact and m.artifact.untrained for m in rows) else otherwise


def delegated(m: Measurement) -> str:
    """Which share of the operators the format's backend takes; empty where the format has no such choice."""
    share = m.artifact.delegated if m.artifact else None
    return "" if share is None else f"{share:.1%}"


def has_passes(m: Measurement) -> bool:
    """Whether a cell was timed in another way than in the closed loop, or its energy measured."""
    return bool(m.latency and (m.latency.paced or m.latency.batches or m.latency.cold or m.latency.energy))


def row(m: Measurement) -> list[str]:
    """The cells of the short table; missing values are empty."""
    zipped = m.artifact.zip_size_bytes if m.artifact else None
    return [
        m.cell.model, m.cell.name, m.cell.target, size(file_size(m)), size(zipped), size(peak_memory(m)), latency(m),
        score(m), delta(m), timing(m),
    ]  # fmt: skip
