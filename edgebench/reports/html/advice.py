"""A recommendation as the page shows it: in words, with its metrics and their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from edgebench.choosing.reasons import LEAST
from edgebench.choosing.reasons import title as title
from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement
from edgebench.core.results import Score
from edgebench.reports import columns


def fields(advice: Recommendation, drop: float | None, emulated: bool) -> dict[str, Any]:
    """The fields that the template shows, as plain texts.

    `drop` is the bound on the loss of macro-F1, None for no bound.
    """
    chosen = advice.chosen
    return {
        "target": advice.target,
        "name": title(chosen) if chosen else "",
        "metrics": metrics(chosen) if chosen else [],
        "bounds": bounds(drop, emulated),
        "why": advice.why,
        "rivals": [(title(m), text) for m, text in advice.rivals],
        "costs": list(advice.costs),
        "excluded": [(bound, count) for bound, count in advice.excluded.items() if count],
        "nearest": [(title(m), text) for m, text in advice.nearest],
        "file": advice.file,
        "sha256": advice.sha256,
        "snippet": advice.snippet,
    }


def metrics(m: Measurement) -> list[tuple[str, str, str]]:
    """Name, value and interval of each known metric; an emulated latency says nothing and is omitted."""
    f1 = columns.f1_score(m) or Score(math.nan)
    found = [
        ("file size", columns.size(columns.file_size(m)), ""),
        ("peak memory", columns.size(columns.peak_memory(m)), ""),
        ("macro-F1", _score(f1.value) if m.scores else "", _interval(_score, f1.low, f1.high)),
        ("Δ F1", columns.delta(m), _interval(_difference, f1.delta_low, f1.delta_high)),
    ]
    if m.latency and not m.emulated:
        interval = _interval(columns.duration, m.latency.p50_low_s, m.latency.p50_high_s)
        found.insert(0, ("median latency", columns.duration(m.latency.p50_s), interval))
    return [(what, value, interval) for what, value, interval in found if value]


def bounds(drop: float | None, emulated: bool) -> str:
    """What the recommendation of a report asks for."""
    preferred = LEAST["size" if emulated else "latency"]
    if drop is None:
        return f"Preferred: {preferred}, without a bound, since there is no fp32 model to compare macro-F1 with."
    return f"Preferred: {preferred}, where macro-F1 is at most {drop:g} below that of the fp32 model."


def _interval(shown: Callable[[float], str], low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{shown(low)} to {shown(high)}"


def _score(value: float) -> str:
    return f"{value:.3f}"


def _difference(value: float) -> str:
    return f"{value + 0.0:+.4f}"
