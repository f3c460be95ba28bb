"""A recommendation in words: what decided, what sets the next ones apart, what each bound cost, what to doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgebench import units
from edgebench.choosing import pareto
from edgebench.choosing.limits import Bound, Limits, value_of
from edgebench.choosing.pareto import Figure
from edgebench.measurements import Measurement

LEAST = {"latency": "lowest latency", "size": "smallest file", "memory": "least memory", "f1": "highest macro-F1"}
NAMES = {"latency": "latency", "size": "file", "memory": "memory", "f1": "macro-F1"}


def title(m: Measurement) -> str:
    """Model, exporter and variant."""
    return f"{m.model} {m.cell.name}"


def shown(m: Measurement, figure: Figure) -> str:
    """A figure of a cell for people; the latency and macro-F1 with their intervals."""
    if figure == "latency":
        low, high = m.latency_p50_low_s, m.latency_p50_high_s
        interval = "" if low is None or high is None else f" ({units.duration(low)} to {units.duration(high)})"
        return f"{units.duration(m.latency_p50_s)}{interval}"
    if figure == "f1":
        known = m.macro_f1_low is not None and m.macro_f1_high is not None
        interval = f" ({m.macro_f1_low:.3f} to {m.macro_f1_high:.3f})" if known else ""
        return f"macro-F1 {m.macro_f1:.3f}{interval}"
    return units.size(m.file_size_bytes) if figure == "size" else f"{units.size(m.peak_rss_bytes) or 'unknown'} memory"


def reason(m: Measurement, prefer: Figure, figures: Sequence[Figure], counts: tuple[int, int, int, int, int]) -> str:
    """What decided: `counts` are the cells that were measured, meet the bounds, and were left by each further step."""
    measured, fit, tied, undominated, accurate = counts
    among = f"the {measured} cells" if fit == measured else f"the {fit} of {measured} cells that meet the bounds"
    least = LEAST[prefer]
    if fit == 1:
        return "It is the only cell." if measured == 1 else f"Of {measured} cells it alone meets the bounds."
    if tied == 1:
        return f"It has the {least} of {among}" + ("." if prefer == "size" else ", beyond the noise.")
    shared = f"Of {among}, {tied} share the {least}" + ("." if prefer == "size" else " within the noise.")
    if undominated == 1:
        return f"{shared} " + (
            "It dominates the other." if tied == 2 else "It is the only one that none of these dominates."
        )
    kept = f"None of these dominates {undominated} of them"
    if accurate == 1:
        return f"{shared} {kept}, of which it has the highest macro-F1, beyond the noise."
    scored = "" if accurate == undominated else f", of which {accurate} share the highest macro-F1 within the noise"
    factors = [NAMES[figure] for figure in figures if figure != "f1"]
    product = f"{', '.join(factors[:-1])} and {factors[-1]}"
    return f"{shared} {kept}{scored}; of those it has the smallest product of {product}."


def cautions(m: Measurement, given: Sequence[Bound], limits: Limits) -> list[str]:
    """What to know before it is shipped: narrow bounds, shaky times, an emulated target, synthetic records."""
    found = [f"It meets {bound.text} only narrowly, not beyond the noise." for bound in given if bound.narrow(m)]
    if m.verdict in ("noisy", "throttled"):
        why = f": {m.verdict_reason}" if m.verdict_reason else ""
        found.append(f"Its timing is {m.verdict}{why}.")
    if m.emulated:
        found.append(emulation(limits, True))
    if "synthetic" in m.dataset:
        found.append(f"Its macro-F1 is on {m.dataset} and says nothing about patients: choose on real records.")
    return found


def emulation(limits: Limits, emulated: bool) -> str:
    """What is not known of an emulated target, by what was asked; empty for another one."""
    if not emulated:
        return ""
    told = ["The target is emulated here, so its latency says nothing"]
    if limits.prefer == "latency":
        told.append("the smallest file is preferred instead")
    if limits.max_latency_s is not None:
        told.append(f"whether it takes {units.exact_duration(limits.max_latency_s)} at most was not checked")
    return "; ".join(told) + ": measure on the device."


def against(m: Measurement, chosen: Measurement, prefer: Figure, figures: Sequence[Figure]) -> str:
    """What sets a cell apart from the chosen one, the preferred figure first, each with what the noise leaves of it."""
    return "; ".join(_difference(m, chosen, figure) for figure in sorted(figures, key=lambda f: f != prefer))


def cost(bound: Bound, excluded: int, freed: Measurement, chosen: Measurement, prefer: Figure) -> str:
    """How many cells a bound excludes, what would be chosen without it, and what that gains in the preferred figure."""
    start = f"{bound.text} excludes {excluded or 'none'}"
    if freed is chosen:
        return f"{start} and costs nothing"
    return f"{start}; without it {title(freed)} would be chosen: {_difference(freed, chosen, prefer)}"


def none_fits(excluded: Mapping[str, int], cells: int) -> str:
    """How many cells each bound excludes."""
    parts = ", ".join(f"{text} excludes {count}" for text, count in excluded.items())
    return f"No artifact meets the bounds. Of {cells} measured {'cell' if cells == 1 else 'cells'}, {parts}."


def _difference(m: Measurement, chosen: Measurement, figure: Figure) -> str:
    sign = int(pareto.clear([m, chosen], figure)[0, 1])
    value, base = value_of(m, figure), value_of(chosen, figure)
    if value is None or base is None:
        return f"{NAMES[figure]} unknown"
    if figure == "f1":
        noise = "beyond the noise" if sign else "within the noise"
        return f"macro-F1 {value:.3f}, " + (
            "the same" if value == base else f"{round(value - base, 4) + 0.0:+.4f}, {noise}"
        )
    text = f"{NAMES[figure]} {units.duration(value) if figure == 'latency' else units.size(value)}"
    if value == base:
        return f"{text}, the same"
    words = {"latency": ("faster", "slower"), "size": ("smaller", "larger"), "memory": ("less", "more")}[figure]
    ratio = base / value if value < base else value / base
    apart = f"{ratio:.2f} times {words[value > base]}" if round(ratio, 2) > 1 else f"hardly {words[value > base]}"
    return f"{text}, {apart}" if figure == "size" else f"{text}, {apart}, {'beyond' if sign else 'within'} the noise"
