"""What a terminal says below the tables: which timings to doubt, what has no numbers; where it is much, in groups."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.choosing.reasons import title
from edgebench.core.measurements import Measurement
from edgebench.reports import columns

FEW = 3
"""Lines that are not grouped, and names that are told of a group."""


def legend(rows: Sequence[Measurement], stars: bool) -> str:
    """What the tables of cells with numbers do not say by themselves; empty where there is nothing to say."""
    timed = [m for m in rows if not m.emulated and m.latency_p50_s is not None]
    unsure = f"{columns.UNSURE}: an interval wider than a factor of {columns.USELESS:g}"
    parts = {
        "★ no other cell of the target, of whatever model, beats it": stars,
        "p50: median of single records": timed,
        "Δ F1: against the fp32 network on the same records": any(m.delta_macro_f1 is not None for m in rows),
        f"{unsure}; --processes 5 or more narrows it": any(columns.UNSURE in columns.latency(m) for m in timed),
        "paced, in batches, from the disk: report.md": any(
            m.paced_p50_s or m.best_batch or m.cold_load_s or m.energy_j for m in rows
        ),
    }
    return " · ".join(text for text, told in parts.items() if told)


def doubts(rows: Sequence[Measurement], of: str = "") -> list[tuple[str, str]]:
    """Lines on timings that are not to be trusted, each with its verdict; `of` names the machine behind the target."""
    doubted = [m for m in rows if columns.doubt(m)]
    if len(doubted) <= FEW:
        return [(f"{title(m)} on {m.target}{of}, {columns.doubt(m)}", m.verdict or "") for m in doubted]
    found: list[tuple[str, str]] = []
    for target, verdict in dict.fromkeys((m.target, m.verdict or "") for m in doubted):
        there = [m for m in doubted if (m.target, m.verdict or "") == (target, verdict)]
        worst = max(there, key=_spread)
        text = f"{verdict}: {len(there)} of {sum(m.target == target for m in rows)} cells on {target}{of}"
        alone = len({m.verdict_reason for m in there}) == 1
        more = "" if alone else f", most of all {title(worst)}"
        end = "" if alone else ". report.md has the reason of each"
        found.append((f"{text}{more}: {worst.verdict_reason}{end}", verdict))
    return found


def without_numbers(rows: Sequence[Measurement], of: str = "") -> list[str]:
    """Lines on cells that were not measured: those with the same reason in one."""
    groups: dict[tuple[str, str, str], list[Measurement]] = {}
    for m in rows:
        if m.status != "ok":
            groups.setdefault((m.status, m.target, m.reason), []).append(m)
    return [f"{status}: {_named(g)} on {target}{of}: {reason}" for (status, target, reason), g in groups.items()]


def _named(cells: Sequence[Measurement]) -> str:
    if len(cells) <= FEW:
        return ", ".join(map(title, cells))
    names = list(dict.fromkeys(columns.name(m) for m in cells))
    if len(names) == 1:
        return f"{names[0]} of {len(cells)} models"
    return f"{', '.join(map(title, cells[:FEW]))} and {len(cells) - FEW} more"


def _spread(m: Measurement) -> float:
    """How many times the upper end of the interval is the lower one."""
    return (m.latency_p50_high_s or 0.0) / m.latency_p50_low_s if m.latency_p50_low_s else 0.0
