"""A recommendation in words: what decided, how the next cells differ, what each bound costs, and what to doubt."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgebench.choosing import pareto
from edgebench.choosing.limits import Bound, Limits
from edgebench.choosing.pareto import Metric, value_of
from edgebench.choosing.rule import Choice
from edgebench.core import metrics as core
from edgebench.core import units
from edgebench.core.measurements import Measurement

LEAST = {"latency": "lowest latency", "size": "smallest file", "memory": "least memory"}
NAMES = {"latency": "latency", "size": "file", "memory": "memory"}


def name_of(metric: Metric, m: Measurement) -> str:
    """What a metric is called; the score by the label of the task's primary metric."""
    return NAMES[metric] if metric != "score" else _primary(m).label if m.scores else "score"


def _primary(m: Measurement) -> core.Metric:
    assert m.scores is not None
    return m.scores.primary.metric


def _least(metric: Metric, m: Measurement) -> str:
    if metric != "score":
        return LEAST[metric]
    first = {"higher": "highest", "lower": "lowest"}.get(_primary(m).better, "best") if m.scores else "best"
    return f"{first} {name_of(metric, m)}"


def title(m: Measurement) -> str:
    """Model, exporter and variant."""
    return f"{m.cell.model} {m.cell.name}"


def shown(m: Measurement, metric: Metric) -> str:
    """A metric of a cell in words; latency and score with their intervals."""
    text = _plain(m, metric)
    if metric == "latency" and m.latency:
        return f"{text} ({units.duration(m.latency.p50_low_s)} to {units.duration(m.latency.p50_high_s)})"
    score = m.scores.primary if m.scores else None
    if metric == "score" and score and score.low is not None and score.high is not None:
        return f"{text} ({score.metric.text(score.low)} to {score.metric.text(score.high)})"
    return text


def listed(m: Measurement, metrics: Sequence[Metric]) -> str:
    """The metrics of a cell in a row, without their intervals."""
    return ", ".join(_plain(m, metric) for metric in metrics)


def reason(choice: Choice, prefer: Metric, measured: int, fit: int) -> str:
    """What decided. `measured` cells were measured, `fit` of them meet the bounds."""
    among = f"the {measured} cells" if fit == measured else f"the {fit} of {measured} cells that meet the bounds"
    if fit == 1:
        return "It is the only cell." if measured == 1 else f"Of {measured} cells it alone meets the bounds."
    tied, undominated, accurate = len(choice.tied), choice.undominated, choice.accurate
    least, name = _least(prefer, choice.cell), name_of(prefer, choice.cell)
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
        return f"{shared} {kept}; of these it has the {_least('score', choice.cell)}, beyond the noise."
    best = _least("score", choice.cell)
    scored = "" if accurate == undominated else f"; {accurate} of them share the {best} within the noise"
    factors = [NAMES[metric] for metric in choice.factors]
    product = f"product of {', '.join(factors[:-1])} and {factors[-1]}" if len(factors) > 1 else factors[0]
    return f"{shared} {kept}{scored}; of these it has the smallest {product}."


def cautions(m: Measurement, cells: Sequence[Measurement], bounds: Sequence[Bound], limits: Limits) -> list[str]:
    """Warnings: bounds that are barely met, doubtful timing, an emulated target, better models, synthetic records."""
    found = [f"It meets {bound.text} only narrowly, not beyond the noise." for bound in bounds if bound.barely_met(m)]
    timing = m.latency.steadiness if m.latency else None
    if timing and timing.verdict in ("noisy", "throttled"):
        found.append(f"Its timing is {timing.verdict}{f': {timing.reason}' if timing.reason else ''}.")
    if m.emulated:
        found.append(emulation(limits))
    others = [o for o in cells if o.cell.model != m.cell.model]
    best = max(others, key=lambda o: (_goodness(o), o.cell.id), default=None)
    if limits.max_drop is not None and best and pareto.significant([best, m], "score")[0, 1] < 0:
        found.append(
            f"Its {name_of('score', m)} drop is measured from the fp32 model of {m.cell.model}; "
            f"{title(best)} has {_score_text(best)}, it has {_score_text(m)}."
        )
    if "synthetic" in m.dataset:
        found.append(f"Its {name_of('score', m)} is on {m.dataset}, not on real records: choose on real ones.")
    return found


def emulation(limits: Limits, chosen: bool = True) -> str:
    """What is not known of an emulated target; `chosen` says whether there was a cell to choose."""
    parts = ["The target is emulated here, so its latency says nothing"]
    if chosen and limits.prefer == "latency":
        parts.append("the smallest file is preferred instead")
    if limits.max_latency_s is not None:
        parts.append(f"the bound of {units.exact_duration(limits.max_latency_s)} on latency was not checked")
    return "; ".join(parts) + ": measure on the device."


def against(m: Measurement, chosen: Measurement, prefer: Metric, metrics: Sequence[Metric]) -> str:
    """How a cell differs from the chosen one, the preferred metric first, each with whether it exceeds the noise."""
    return "; ".join(_difference(m, chosen, metric) for metric in sorted(metrics, key=lambda f: f != prefer))


def cost(bound: Bound, cells: Sequence[Measurement], freed: Measurement, chosen: Measurement, prefer: Metric) -> str:
    """How many cells a bound excludes, what would be chosen without it, and the gain in the preferred metric."""
    excludes = _excludes(bound, cells)
    if freed is chosen:
        return f"{excludes}; it costs nothing by itself" if any(not bound.met(m) for m in cells) else excludes
    return f"{excludes}; without it {title(freed)} would be chosen: {_difference(freed, chosen, prefer)}"


def together(free: Measurement, chosen: Measurement, prefer: Metric) -> str:
    """What bounds cost together that cost nothing one by one, since each excludes the same cell."""
    return f"without all of them {title(free)} would be chosen: {_difference(free, chosen, prefer)}"


def none_fits(bounds: Sequence[Bound], cells: Sequence[Measurement]) -> str:
    """How many cells each bound excludes, where together they exclude all cells."""
    parts = "; ".join(_excludes(bound, cells) for bound in bounds)
    all_of = len(cells)
    text = f"No artifact meets the bounds. Of {all_of} measured {'cell' if all_of == 1 else 'cells'}, {parts}."
    if all(any(bound.met(m) for m in cells) for bound in bounds):
        text += " Each bound is met by some cell, but none meets all."
    return text


def _excludes(bound: Bound, cells: Sequence[Measurement]) -> str:
    out = [m for m in cells if not bound.met(m)]
    unknown = sum(bound.value(m) is None for m in out)
    some = "" if unknown == len(out) else f"{unknown} of them "
    why = f", {some}since it is not known there" if unknown else ""
    return f"{bound.text} excludes {len(out) or 'none'}{why}"


def _goodness(m: Measurement) -> float:
    score = m.scores.primary if m.scores else None
    return score.metric.goodness(score.value) if score else -math.inf


def _score_text(m: Measurement) -> str:
    """The score with its unit."""
    value = value_of(m, "score")
    return "" if value is None else f"{_primary(m).text(value)} {_primary(m).unit}".rstrip()


def _plain(m: Measurement, metric: Metric) -> str:
    value = value_of(m, metric)
    if value is None:
        return f"{name_of(metric, m)} unknown"
    if metric == "score":
        return f"{name_of(metric, m)} {_score_text(m)}"
    return units.duration(value) if metric == "latency" else units.size(value) + " memory" * (metric == "memory")


def _difference(m: Measurement, chosen: Measurement, metric: Metric) -> str:
    sign = int(pareto.significant([m, chosen], metric)[0, 1])
    value, base = value_of(m, metric), value_of(chosen, metric)
    if value is None or base is None:
        return f"{name_of(metric, m)} unknown"
    if metric == "score":
        noise = "beyond the noise" if sign else "within the noise"
        apart = "the same" if value == base else f"{_primary(m).change(value - base)}, {noise}"
        return f"{_plain(m, metric)}, {apart}"
    text = f"{NAMES[metric]} {units.duration(value) if metric == 'latency' else units.size(value)}"
    if value == base:
        return f"{text}, the same"
    words = {"latency": ("faster", "slower"), "size": ("smaller", "larger"), "memory": ("less", "more")}[metric]
    ratio = base / value if value < base else value / base
    apart = f"{ratio:.2f} times {words[value > base]}" if round(ratio, 2) > 1 else f"hardly {words[value > base]}"
    return f"{text}, {apart}" if metric == "size" else f"{text}, {apart}, {'beyond' if sign else 'within'} the noise"
