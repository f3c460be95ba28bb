"""A recommendation as the page shows it: in words, with its metrics and their intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgebench.choosing.reasons import LEAST
from edgebench.choosing.reasons import title as title
from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement
from edgebench.reports import columns


def fields(advice: Recommendation, drop: float | None, emulated: bool) -> dict[str, Any]:
    """The fields that the template shows, as plain texts.

    `drop` is the bound on the loss of the score, None for no bound.
    """
    chosen = advice.chosen
    return {
        "target": advice.target,
        "name": title(chosen) if chosen else "",
        "metrics": metrics(chosen) if chosen else [],
        "bounds": bounds(drop, emulated, columns.label([chosen] if chosen else [])),
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


def bounds(drop: float | None, emulated: bool, score: str) -> str:
    """What the recommendation of a report asks for; `score` is what the primary metric is called."""
    preferred = LEAST["size" if emulated else "latency"]
    if drop is None:
        return f"Preferred: {preferred}, without a bound, since there is no fp32 model to compare {score} with."
    return f"Preferred: {preferred}, where {score} is at most {drop:g} worse than that of the fp32 model."


def _interval(shown: Callable[[float], str], low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{shown(low)} to {shown(high)}"
