"""The table of untrained networks of one target: which of them are under the bound on latency, in 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgebench.core import units
from edgebench.core.measurements import Measurement
from edgebench.reports import columns, parameters_picture

FRONT = "●"
"""Marks a network with more parameters than any faster one."""
NUMBERS = ("params", "size", "latency")


def is_sweep(rows: Sequence[Measurement]) -> bool:
    """Whether all measured cells are untrained."""
    return bool(rows) and all(m.artifact is not None and m.artifact.untrained for m in rows)


def bound_s(plan: Mapping[str, Any]) -> float | None:
    """The plan's bound on the median latency."""
    found = (plan.get("policy") or {}).get("max_latency_s")
    return float(found) if found else None


def headings(rows: Sequence[Measurement], plan: Mapping[str, Any]) -> list[str]:
    """Headings of the table of such rows."""
    bound = bound_s(plan)
    last = [f"≤ {units.exact_duration(bound)}"] if bound and _timed(rows) else []
    return ["", "architecture", *(["exporter"] if _several(rows) else []), *NUMBERS, *last, *_timing(rows)]


def table(rows: Sequence[Measurement], plan: Mapping[str, Any]) -> list[list[str]]:
    """A line for each cell, from the fastest; a latency that equals the bound meets it."""
    front = {m.cell.id for m in parameters_picture.front([m for m in rows if m.latency and not m.emulated])}
    ordered = sorted(rows, key=lambda m: (_latency(m), columns.file_size(m) or 0, m.cell.id))
    bound, several, timed, timing = bound_s(plan), _several(rows), _timed(rows), _timing(rows)
    found = []
    for m in ordered:
        network = m.artifact.network if m.artifact else None
        under = ["" if _latency(m) == UNKNOWN else "yes" if _latency(m) <= bound else "no"] if bound and timed else []
        found.append(
            [
                FRONT if m.cell.id in front else "", m.cell.model, *([m.cell.name] if several else []),
                columns.count(network.parameters if network else None), columns.size(columns.file_size(m)),
                "" if m.emulated else columns.duration(columns.median(m)), *under,
                *([columns.timing(m)] if timing else []),
            ]
        )  # fmt: skip
    return found


UNKNOWN = float("inf")


def _latency(m: Measurement) -> float:
    found = None if m.emulated else columns.median(m)
    return UNKNOWN if found is None else found


def _several(rows: Sequence[Measurement]) -> bool:
    return len({m.cell.name for m in rows}) > 1


def _timed(rows: Sequence[Measurement]) -> bool:
    return any(_latency(m) < UNKNOWN for m in rows)


def _timing(rows: Sequence[Measurement]) -> list[str]:
    return ["timing"] if any(map(columns.timing, rows)) else []
