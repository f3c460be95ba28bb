"""The charts of the page for a machine, and the sentence in place of a chart that would be empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edgebench.core.measurements import Measurement
from edgebench.measuring.latency_statistics import Floats
from edgebench.reports import columns, words

Samples = Callable[[Measurement], Sequence[Floats]]
ZIP_LINES = "Bar: the file. Line: the file as a zip archive."
PALE_BARS = "Pale: Python and the libraries of the runtime. Full: the model. Line: the peak of the process."


@dataclass(frozen=True)
class Chart:
    """One chart of the page."""

    kind: str
    title: str
    key: str
    """What its parts mean, where the text above it does not say so."""
    empty: str
    """Why it would be empty; no text where it is not."""


def trade_offs(rows: Sequence[Measurement]) -> list[Chart]:
    """Latency, size and memory against the score; `rows` are cells of one machine."""
    score = columns.label(rows)
    scored = [m for m in rows if m.scores]
    timed = [m for m in scored if not m.emulated and m.latency]
    return [
        Chart("latency", f"Latency against {score}", "", "" if timed else _untimed(rows)),
        Chart("size", f"File size against {score}", "", _without(map(columns.file_size, scored), "file size")),
        Chart("memory", f"Peak memory against {score}", "", _without(map(columns.peak_memory, scored), "peak memory")),
    ]


def strips(rows: Sequence[Measurement], samples: Samples) -> list[Chart]:
    """A row for each cell: raw latencies, memory, sizes. `samples` gives the raw latencies of a cell by process."""
    timed = [m for m in rows if not m.emulated]
    empty = "" if any(samples(m) for m in timed) else _unsampled(timed)
    memory = _without(map(columns.peak_memory, rows), "peak memory")
    size = _without(map(columns.file_size, rows), "file size")
    zipped = any(m.artifact and m.artifact.zip_size_bytes is not None for m in rows)
    return [
        Chart("samples", "Raw latencies", "", empty),
        Chart("memories", "Peak memory: runtime and model", PALE_BARS, memory),
        Chart("sizes", "File size, and as a zip archive", ZIP_LINES, size)
        if zipped
        else Chart("sizes", "File size", "", size),
    ]


def classes(rows: Sequence[Measurement]) -> str:
    """Why there is no table of the classes; empty where there is one."""
    if any(m.scores and any(m.scores.by_class.values()) for m in rows):
        return ""
    return unscored(rows) or "The task has no numbers by class or output of these records."


def unscored(rows: Sequence[Measurement]) -> str:
    """Why there are no charts of the score; empty where there are."""
    return "" if any(m.scores for m in rows) else columns.unscored(rows, words.NOT_SCORED)


def _without(values: Iterable[float | None], what: str) -> str:
    return "" if any(value is not None for value in values) else f"No cell has a {what}."


def _untimed(rows: Sequence[Measurement]) -> str:
    if all(m.emulated for m in rows):
        return f"All cells are emulated: {words.EMULATED}."
    return "No cell with a score has a latency that counts."


def _unsampled(timed: Sequence[Measurement]) -> str:
    if not timed:
        return f"All cells are emulated: {words.EMULATED}."
    return "The run's folder has no raw samples of these cells (samples/); the table above has their medians."
