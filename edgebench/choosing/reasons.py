"""A recommendation in words: what decided, what sets the next ones apart, what each bound cost, what to doubt."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.choosing import pareto
from edgebench.choosing.limits import Bound, Limits
from edgebench.choosing.pareto import Figure, value_of
from edgebench.choosing.rule import Choice
from edgebench.core import units
from edgebench.core.measurements import Measurement

LEAST = {"latency": "lowest latency", "size": "smallest file", "memory": "least memory", "f1": "highest macro-F1"}
NAMES = {"latency": "latency", "size": "file", "memory": "memory", "f1": "macro-F1"}


def title(m: Measurement) -> str:
    """Model, exporter and variant."""
    return f"{m.model} {m.cell.name}"


def shown(m: Measurement, figure: Figure) -> str:
    """A figure of a cell for people; the latency and macro-F1 with their intervals."""
    low, high = {
        "latency": (m.latency_p50_low_s, m.latency_p50_high_s), "f1": (m.macro_f1_low, m.macro_f1_high)
    }.get(figure, (None, None))  # fmt: skip
    if low is None or high is None:
        return _plain(m, figure)
    between = f"{low:.3f} to {high:.3f}" if figure == "f1" else f"{units.duration(low)} to {units.duration(high)}"
    return f"{_plain(m, figure)} ({between})"


def gives(m: Measurement, figures: Sequence[Figure]) -> str:
    """The figures of a cell in a row, without their intervals."""
    return ", ".join(_plain(m, figure) for figure in figures)


def reason(choice: Choice, prefer: Figure, measured: int, fit: int) -> str:
    """What decided, out of so many cells that were measured, and that meet the bounds."""
    among = f"the {measured} cells" if fit == measured else f"the {fit} of {measured} cells that meet the bounds"
    if fit == 1:
        return "It is the only cell." if measured == 1 else f"Of {measured} cells it alone meets the bounds."
    tied, undominated, accurate = len(choice.tied), choice.undominated, choice.accurate
    least, name = LEAST[prefer], NAMES[prefer]
    if 0 < choice.known < fit:
        among += f" ({choice.known} of them with a known {name})"
    if tied == 1:
        return f"It has the {least} of {among}" + ("." if prefer == "size" else ", beyond the noise.")
    who = f"{among[0].upper()}{among[1:]}" if tied == fit else f"Of {among}, {tied}"
    shared = f"{who} share the {least}" + ("." if prefer == "size" else " within the noise.")
    if not choice.known:
        shared = f"The {name} of none of {among} is known."
    if undominated == 1:
        return f"{shared} " + (
            "It dominates the other." if tied == 2 else "It is the only one that none of these dominates."
        )
    kept = (
        "None of these dominates another" if undominated == tied else f"None of these dominates {undominated} of them"
    )
    if accurate == 1:
        return f"{shared} {kept}, of which it has the highest macro-F1, beyond the noise."
    scored = "" if accurate == undominated else f", of which {accurate} share the highest macro-F1 within the noise"
    factors = [NAMES[figure] for figure in choice.factors]
    product = f"product of {', '.join(factors[:-1])} and {factors[-1]}" if len(factors) > 1 else factors[0]
    return f"{shared} {kept}{scored}; of these it has the smallest {product}."


def cautions(m: Measurement, cells: Sequence[Measurement], given: Sequence[Bound], limits: Limits) -> list[str]:
    """What to know before it is shipped: narrow bounds, shaky times, an emulated target, other models' scores."""
    found = [f"It meets {bound.text} only narrowly, not beyond the noise." for bound in given if bound.narrow(m)]
    if m.verdict in ("noisy", "throttled"):
        why = f": {m.verdict_reason}" if m.verdict_reason else ""
        found.append(f"Its timing is {m.verdict}{why}.")
    if m.emulated:
        found.append(emulation(limits))
    other = max((o for o in cells if o.model != m.model), key=lambda o: (o.macro_f1 or 0, o.cell.id), default=None)
    if limits.max_f1_drop is not None and other and pareto.clear([other, m], "f1")[0, 1] < 0:
        found.append(
            f"Its macro-F1 drop is against the fp32 model of {m.model} itself; "
            f"{title(other)} has {other.macro_f1:.3f}, it has {m.macro_f1:.3f}."
        )
    if "synthetic" in m.dataset:
        found.append(f"Its macro-F1 is on {m.dataset} and says nothing about patients: choose on real records.")
    return found


def emulation(limits: Limits, chosen: bool = True) -> str:
    """What is not known of an emulated target, by what was asked, and by whether there was something to choose."""
    told = ["The target is emulated here, so its latency says nothing"]
    if chosen and limits.prefer == "latency":
        told.append("the smallest file is preferred instead")
    if limits.max_latency_s is not None:
        told.append(f"whether it takes {units.exact_duration(limits.max_latency_s)} at most was not checked")
    return "; ".join(told) + ": measure on the device."


def against(m: Measurement, chosen: Measurement, prefer: Figure, figures: Sequence[Figure]) -> str:
    """What sets a cell apart from the chosen one, the preferred figure first, each with what the noise leaves of it."""
    return "; ".join(_difference(m, chosen, figure) for figure in sorted(figures, key=lambda f: f != prefer))


def cost(bound: Bound, cells: Sequence[Measurement], freed: Measurement, chosen: Measurement, prefer: Figure) -> str:
    """How many cells a bound excludes, what would be chosen without it, and what that gains in the preferred figure."""
    excludes = _excludes(bound, cells)
    if freed is chosen:
        return f"{excludes}; it costs nothing by itself" if any(not bound.met(m) for m in cells) else excludes
    return f"{excludes}; without it {title(freed)} would be chosen: {_difference(freed, chosen, prefer)}"


def together(free: Measurement, chosen: Measurement, prefer: Figure) -> str:
    """What several bounds cost that cost nothing by themselves, since each excludes the same cell."""
    return f"without all of them {title(free)} would be chosen: {_difference(free, chosen, prefer)}"


def none_fits(given: Sequence[Bound], cells: Sequence[Measurement]) -> str:
    """How many cells each bound excludes, where together they exclude all."""
    parts = "; ".join(_excludes(bound, cells) for bound in given)
    all_of = len(cells)
    said = f"No artifact meets the bounds. Of {all_of} measured {'cell' if all_of == 1 else 'cells'}, {parts}."
    if all(any(bound.met(m) for m in cells) for bound in given):
        said += " Each bound is met by some cell, but none meets all."
    return said


def _excludes(bound: Bound, cells: Sequence[Measurement]) -> str:
    out = [m for m in cells if not bound.met(m)]
    unknown = sum(bound.value(m) is None for m in out)
    some = "" if unknown == len(out) else f"{unknown} of them "
    why = f", {some}since it is not known there" if unknown else ""
    return f"{bound.text} excludes {len(out) or 'none'}{why}"


def _plain(m: Measurement, figure: Figure) -> str:
    value = value_of(m, figure)
    if value is None:
        return f"{NAMES[figure]} unknown"
    if figure == "f1":
        return f"macro-F1 {value:.3f}"
    return units.duration(value) if figure == "latency" else units.size(value) + " memory" * (figure == "memory")


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
