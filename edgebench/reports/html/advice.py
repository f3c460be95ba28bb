"""A recommendation as the page shows it: in words, with its metrics and their intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgebench.choosing.reasons import title as title
from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement
from edgebench.reports import columns


def fields(advice: Recommendation) -> dict[str, Any]:
    """The fields that the template shows, as plain texts."""
    chosen = advice.chosen
    return {
        "target": advice.target,
        "name": title(chosen) if chosen else "",
        "metrics": metrics(chosen) if chosen else [],
        "policy": advice.policy_text,
        "measure_there": list(advice.measure_there),
        "why": advice.why,
        "rivals": [(title(m), text) for m, text in advice.rivals],
        "costs": list(advice.costs),
        "excluded": [(bound, count) for bound, count in advice.excluded.items() if count],
        "nearest_title": "Untrained cells that meet the bounds" if advice.untrained else "The nearest cells",
        "nearest": [(title(m), text) for m, text in advice.nearest],
        "file": advice.file,
        "sha256": advice.sha256,
        "snippet": advice.snippet,
    }


def metrics(m: Measurement) -> list[tuple[str, str, str]]:
    """Name, value and interval of each known metric; an emulated latency says nothing and is omitted."""
    found = [
        ("file size", columns.size(columns.file_size(m)), ""),
        ("peak memory", columns.size(columns.peak_memory(m)), ""),
    ]
    if score := columns.score_of(m):
        text, change = score.metric.text, score.metric.change
        name, delta = columns.score_headings([m])
        found.append((name, text(score.value), _interval(text, score.low, score.high)))
        found.append((delta, columns.delta(m), _interval(change, score.delta_low, score.delta_high)))
    if m.latency and not m.emulated:
        interval = _interval(columns.duration, m.latency.p50_low_s, m.latency.p50_high_s)
        found.insert(0, ("median latency", columns.duration(m.latency.p50_s), interval))
    return [(what, value, interval) for what, value, interval in found if value]


def _interval(shown: Callable[[float], str], low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{shown(low)} to {shown(high)}"
