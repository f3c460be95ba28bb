"""The lines below the tables on a terminal: doubtful timings and cells that were not measured; many are grouped."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.choosing.reasons import title
from edgebench.core.measurements import Measurement
from edgebench.reports import columns, words

FEW = 3
"""The most lines that are not grouped, and the most names that stand for a group."""


def legend(rows: Sequence[Measurement], stars: bool, lost: bool = False) -> str:
    """The legend of the tables; empty where there is nothing to explain."""
    timed = [m for m in rows if not m.emulated and m.latency]
    unsure = f"{columns.UNSURE}: an interval wider than a factor of {columns.USELESS:g}"
    delta = columns.score_headings(rows)[1]
    parts = {
        "★ no other cell of the target, of any model, dominates it": stars,
        f"lost: {words.LOST}": lost,
        "p50: median of single records": timed,
        f"{delta}: difference to the fp32 network on the same records": any(map(columns.delta, rows)),
        f"{unsure}; --processes 5 or more narrows it": any(columns.UNSURE in columns.latency(m) for m in timed),
        "paced, in batches, from the disk: report.md": any(map(columns.has_passes, rows)),
    }
    return " · ".join(text for text, applies in parts.items() if applies)


def doubts(rows: Sequence[Measurement], of: str = "") -> list[tuple[str, str]]:
    """Lines on doubtful timings, each with its verdict; `of` is the machine, after the target."""
    doubted = [m for m in rows if columns.doubt(m)]
    if len(doubted) <= FEW:
        return [(f"{m.cell.label}{of}, {columns.doubt(m)}", columns.timing(m)) for m in doubted]
    found: list[tuple[str, str]] = []
    for target, verdict in dict.fromkeys((m.cell.target, columns.timing(m)) for m in doubted):
        there = [m for m in doubted if (m.cell.target, columns.timing(m)) == (target, verdict)]
        worst = max(there, key=_spread)
        text = f"{verdict}: {len(there)} of {sum(m.cell.target == target for m in rows)} cells on {target}{of}"
        alone = len({columns.steadiness(m).reason for m in there}) == 1
        more = "" if alone else f", most of all {title(worst)}"
        end = "" if alone else ". report.md has the reason of each"
        found.append((f"{text}{more}: {columns.steadiness(worst).reason}{end}", verdict))
    return found


def without_numbers(rows: Sequence[Measurement], of: str = "") -> list[str]:
    """Lines on cells that were not measured or not scored, one line for each reason."""
    groups: dict[tuple[str, str, str], list[Measurement]] = {}
    for m in filter(columns.lacks, rows):
        groups.setdefault((columns.lacking(m), m.cell.target, m.reason), []).append(m)
    return [f"{what}: {_named(g)} on {target}{of}: {reason}" for (what, target, reason), g in groups.items()]


def _named(cells: Sequence[Measurement]) -> str:
    if len(cells) <= FEW:
        return ", ".join(map(title, cells))
    names = list(dict.fromkeys(m.cell.name for m in cells))
    if len(names) == 1:
        return f"{names[0]} of {len(cells)} models"
    return f"{', '.join(map(title, cells[:FEW]))} and {len(cells) - FEW} more"


def _spread(m: Measurement) -> float:
    """Upper end of the interval over its lower end."""
    low, high = (m.latency.p50_low_s, m.latency.p50_high_s) if m.latency else (None, None)
    return high / low if low and high else 0.0
