"""Which charts the page has for a machine, and the sentence that stands in place of one that would be empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgebench.core.measurements import Measurement
from edgebench.measuring.latency_statistics import Floats
from edgebench.reports import words

Samples = Callable[[Measurement], Sequence[Floats]]
ZIP_LINES = "Bar: the file. Line: the same as a zip archive."
PALE_BARS = "Pale: Python and the libraries of the runtime. Full: the model. Line: the peak of the process."


@dataclass(frozen=True)
class Chart:
    """One figure of the page."""

    kind: str
    title: str
    key: str
    """What its parts mean, where that is not said above it."""
    empty: str
    """Why it would show nothing; empty where it shows something."""


def trade_offs(rows: Sequence[Measurement]) -> list[Chart]:
    """Latency, size and memory against macro-F1, for cells of one machine, some of them scored."""
    scored = [m for m in rows if m.macro_f1 is not None]
    timed = [m for m in scored if not m.emulated and m.latency_p50_s is not None]
    return [
        Chart("latency", "Latency against macro-F1", "", "" if timed else _untimed(rows)),
        Chart("size", "File size against macro-F1", "", _without(scored, "file_size_bytes", "file size")),
        Chart("memory", "Peak memory against macro-F1", "", _without(scored, "peak_rss_bytes", "peak memory")),
    ]


def strips(rows: Sequence[Measurement], samples: Samples) -> list[Chart]:
    """A row a cell: raw latencies, memory, sizes. `samples` gives the raw latencies of a cell, a list a process."""
    timed = [m for m in rows if not m.emulated]
    empty = "" if any(samples(m) for m in timed) else _unsampled(timed)
    memory = _without(rows, "peak_rss_bytes", "peak memory")
    size = _without(rows, "file_size_bytes", "file size")
    zipped = any(m.zip_size_bytes is not None for m in rows)
    return [
        Chart("samples", "Raw latencies", "", empty),
        Chart("memories", "Peak memory: runtime and model", PALE_BARS, memory),
        Chart("sizes", "File size, and as a zip archive", ZIP_LINES, size)
        if zipped
        else Chart("sizes", "File size", "", size),
    ]


def classes(rows: Sequence[Measurement]) -> str:
    """Why there is no table of the classes; empty where there is one."""
    if any(m.f1_by_class for m in rows):
        return ""
    return unscored(rows) or "No cell has an F1 of each class."


def unscored(rows: Sequence[Measurement]) -> str:
    """Why nothing can be held against macro-F1; empty where something can."""
    return "" if any(m.macro_f1 is not None for m in rows) else words.NOT_SCORED


def _without(rows: Sequence[Measurement], field: str, what: str) -> str:
    return "" if any(getattr(m, field) is not None for m in rows) else f"No cell has a {what}."


def _untimed(rows: Sequence[Measurement]) -> str:
    if all(m.emulated for m in rows):
        return f"All cells are emulated: {words.EMULATED}."
    return "No cell with a macro-F1 has a latency that counts."


def _unsampled(timed: Sequence[Measurement]) -> str:
    if not timed:
        return f"All cells are emulated: {words.EMULATED}."
    return "The run's folder has no raw samples of these cells (samples/): the table above has their medians."
