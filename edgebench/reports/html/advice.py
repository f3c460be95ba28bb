"""What to ship, as the page says it: a recommendation in words, and its figures with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgebench.choosing.reasons import LEAST
from edgebench.choosing.reasons import title as title
from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement
from edgebench.reports import columns


def of(advice: Recommendation, drop: float | None, emulated: bool) -> dict[str, Any]:
    """The fields that the template shows; nothing in them is markup.

    `drop` is the bound on macro-F1 or None, `emulated` whether the target is.
    """
    chosen = advice.chosen
    return {
        "target": advice.target,
        "name": title(chosen) if chosen else "",
        "figures": figures(chosen) if chosen else [],
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


def figures(m: Measurement) -> list[tuple[str, str, str]]:
    """Name, figure and interval of all that is known; an emulated latency says nothing and is left out."""
    latency = [] if m.emulated else [
        ("median latency", columns.duration(m.latency_p50_s),
         _interval(columns.duration, m.latency_p50_low_s, m.latency_p50_high_s)),
    ]  # fmt: skip
    found = [
        *latency,
        ("file size", columns.size(m.file_size_bytes), ""),
        ("peak memory", columns.size(m.peak_rss_bytes), ""),
        ("macro-F1", _score(m.macro_f1), _interval(_score, m.macro_f1_low, m.macro_f1_high)),
        ("Δ F1", columns.delta(m), _interval(_difference, m.delta_low, m.delta_high)),
    ]
    return [(what, value, interval) for what, value, interval in found if value]


def bounds(drop: float | None, emulated: bool) -> str:
    """What a report asks for, where nobody gave a bound."""
    preferred = LEAST["size" if emulated else "latency"]
    if drop is None:
        return f"No bounds given: preferred is the {preferred}; there is no fp32 model to compare macro-F1 with."
    return f"No bounds given: preferred is the {preferred} where macro-F1 is at most {drop:g} below the fp32 model's."


def _interval(shown: Callable[[float | None], str], low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{shown(low)} to {shown(high)}"


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _difference(value: float | None) -> str:
    return "" if value is None else f"{value + 0.0:+.4f}"
