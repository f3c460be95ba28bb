"""The four metrics that artifacts are compared in, in base units."""

from __future__ import annotations

from edgebench.core.measurements import Measurement
from edgebench.core.policy import NAMES as METRICS
from edgebench.core.policy import Name as Metric

__all__ = ["METRICS", "Metric", "compared", "value_of"]


def value_of(m: Measurement, metric: Metric) -> float | None:
    """A metric of a cell in base units; `score` is the task's primary metric. None where it is not known.

    Other programs may write 0 for a missing time, size or memory, so 0 counts as missing there.
    """
    if metric == "score":
        return m.scores.primary.value if m.scores else None
    value = {
        "latency": m.latency.p50_s if m.latency else None,
        "size": m.artifact.file_size_bytes if m.artifact else None,
        "memory": m.memory.peak_rss_bytes if m.memory else None,
    }[metric]
    return value if value is not None and value > 0 else None


def compared(emulated: bool) -> tuple[Metric, ...]:
    """The metrics that say something: on an emulated target the latency does not."""
    return tuple(metric for metric in METRICS if metric != "latency" or not emulated)
