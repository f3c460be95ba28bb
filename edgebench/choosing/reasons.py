"""A recommendation in words: what decided, what is given up, how others differ, what bounds cost, what to doubt."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgebench.choosing import pareto, rule
from edgebench.choosing.limits import Bound
from edgebench.choosing.rule import Choice
from edgebench.choosing.values import METRICS, Metric, compared, value_of
from edgebench.core import metrics as core
from edgebench.core import units
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy

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
    low, high = (m.latency.p50_low_s, m.latency.p50_high_s) if m.latency else (None, None)
    if metric == "latency" and low is not None and high is not None:
        return f"{text} ({units.duration(low)} to {units.duration(high)})"
    score = m.scores.primary if m.scores else None
    if metric == "score" and score and score.low is not None and score.high is not None:
        return f"{text} ({score.metric.text(score.low)} to {score.metric.text(score.high)})"
    return text


def listed(m: Measurement, metrics: Sequence[Metric]) -> str:
    """The metrics of a cell in a row, without their intervals."""
    return ", ".join(_plain(m, metric) for metric in metrics)


def reason(choice: Choice, policy: Policy, measured: int) -> str:
    """What decided. `measured` cells were measured; the choice is among those that meet the bounds."""
    fit, chosen = len(choice.order), choice.cell
    if fit == 1:
        return "It is the only cell." if measured == 1 else f"Of {measured} cells it alone meets the bounds."
    among = f"the {measured} cells" if fit == measured else f"the {fit} of {measured} cells that meet the bounds"
    known = rule.drop_is_known(chosen)
    metrics = [m for m in compared(chosen.emulated) if rule.weight_of(m, policy, known)]
    most = max(rule.weight_of(m, policy, known) for m in metrics) if metrics else 0
    first = [m for m in metrics if rule.weight_of(m, policy, known) == most]
    if len(first) == 1 and len(metrics) > 1 and value_of(chosen, first[0]) is not None:
        ahead = pareto.significant(choice.order, first[0], policy.tolerances)[1:, 0]
        if (ahead > 0).all():
            return f"It has the {_least(first[0], chosen)} of {among}, beyond the noise."
        if not (ahead < 0).any():
            return (
                f"None of {among} has a better {name_of(first[0], chosen)} beyond the noise; it costs least over all."
            )
    return f"Of {among} it costs least over all metrics, as they are counted."


def given_up(choice: Choice, policy: Policy) -> str:
    """In which metrics another cell that meets the bounds is better, beyond tolerance and noise."""
    chosen, found = choice.cell, []
    for metric in compared(chosen.emulated):
        signs = pareto.significant(choice.order, metric, policy.tolerances)[:, 0]
        ahead = [m for m, sign in zip(choice.order, signs, strict=True) if sign < 0]
        if ahead:
            best = min(ahead, key=lambda m: (_worth(m, metric), m.cell.id))
            found.append(f"{_plain(chosen, metric)} instead of {_plain(best, metric)} ({title(best)})")
    if len(choice.order) == 1:
        return ""
    return f"Given up: {'; '.join(found)}." if found else "Nothing is given up beyond the tolerances."


def _worth(m: Measurement, metric: Metric) -> float:
    """A metric as a number that is smaller for a better cell."""
    value = value_of(m, metric)
    return math.inf if value is None else -_primary(m).goodness(value) if metric == "score" else value


def cautions(m: Measurement, cells: Sequence[Measurement], bounds: Sequence[Bound], policy: Policy) -> list[str]:
    """Warnings: an unknown drop, bounds that are barely met, doubtful timing, better models, synthetic records."""
    found = []
    if not rule.drop_is_known(m):
        counted = "" if policy.min_score is not None else f", so {name_of('score', m)} counted most"
        found.append(f"What it lost is not known: it was not compared with an fp32 network{counted}.")
    if gone := [NAMES[f] for f in compared(m.emulated) if value_of(m, f) is None and policy.weight(f)]:
        found.append(f"Its {' and '.join(gone)} is not known.")
    if text := _too_few(m, policy):
        found.append(text)
    found += [f"It meets {bound.text} only narrowly, not beyond the noise." for bound in bounds if bound.barely_met(m)]
    timing = m.latency.steadiness if m.latency else None
    if timing and timing.verdict in ("noisy", "throttled", "short", "quick"):
        found.append(f"Its timing is {timing.verdict}{f': {timing.reason}' if timing.reason else ''}.")
    others = [o for o in cells if o.cell.model != m.cell.model]
    best = max(others, key=lambda o: (_goodness(o), o.cell.id), default=None)
    if best and pareto.significant([best, m], "score")[0, 1] < 0:
        found.append(
            f"Its {name_of('score', m)} {_primary(m).fall} is measured from the fp32 model of {m.cell.model}; "
            f"{title(best)} has {_score_text(best)}, it has {_score_text(m)}."
        )
    if "synthetic" in m.dataset:
        found.append(f"Its {name_of('score', m)} is on {m.dataset}, not on real records: choose on real ones.")
    return found


def _too_few(m: Measurement, policy: Policy) -> str:
    """That a cell without any loss has too few records to show the allowed one; empty where they suffice.

    The interval of a difference has no width where all records agree. By the rule of three (Hanley and Lippman-Hand,
    "If nothing goes wrong, is everything all right?", JAMA 1983), up to 3 in n records may differ then, with 95 %.
    """
    score = m.scores.primary if m.scores else None
    exact = m.precision == "fp32" and m.cell.variant == "none"
    if not (m.scores and score and not exact and score.metric.has_usual_drop and score.metric.largest_drop):
        return ""
    if score.delta is None or {score.delta, score.delta_low, score.delta_high} != {0.0}:
        return ""
    allowed = score.metric.usual_drop(1.0) if policy.max_drop is None else policy.max_drop
    hidden = 3 * score.metric.largest_drop / max(m.scores.records, 1)
    if hidden <= allowed:
        return ""
    fall = f"{score.metric.fall} of up to {hidden:.2g}"
    return f"Its {m.scores.records} records are too few: a {fall} could go unseen where none of them differs."


def emulation(policy: Policy) -> str:
    """What is not known of an emulated target."""
    unchecked = ""
    if policy.max_latency_s is not None:
        unchecked = f" The bound of {units.exact_duration(policy.max_latency_s)} on latency was not checked."
    return f"Latency unknown: measure on the device, which is only emulated here.{unchecked}"


def against(m: Measurement, chosen: Measurement, policy: Policy, metrics: Sequence[Metric] = METRICS) -> str:
    """How a cell differs from the chosen one, what counts most first, each with whether it exceeds the noise."""
    there = [metric for metric in metrics if metric in compared(chosen.emulated)]
    return "; ".join(_difference(m, chosen, f, policy) for f in sorted(there, key=lambda f: -policy.weight(f)))


def cost(bound: Bound, cells: Sequence[Measurement], freed: Measurement, chosen: Measurement, policy: Policy) -> str:
    """How many cells a bound excludes, what would be chosen without it, and how that one differs."""
    excludes = _excludes(bound, cells)
    if freed is chosen:
        return f"{excludes}; it costs nothing by itself" if any(not bound.met(m) for m in cells) else excludes
    return f"{excludes}; without it {title(freed)} would be chosen: {_main(freed, chosen, policy)}"


def together(free: Measurement, chosen: Measurement, policy: Policy) -> str:
    """What bounds cost together that cost nothing one by one, since each excludes the same cell."""
    return f"without all of them {title(free)} would be chosen: {_main(free, chosen, policy)}"


def _main(m: Measurement, chosen: Measurement, policy: Policy) -> str:
    """The difference in the preferred metric; where there is none, all that are beyond the noise."""
    metrics = compared(chosen.emulated)
    preferred = [metric for metric in metrics if metric == policy.preferred]
    apart = [f for f in metrics if pareto.significant([m, chosen], f, policy.tolerances)[0, 1]]
    return against(m, chosen, policy, preferred or apart or metrics)


def none_fits(bounds: Sequence[Bound], cells: Sequence[Measurement]) -> str:
    """How many cells each bound excludes, where together they exclude all cells."""
    asked = [bound for bound in bounds if not bound.unknown_meets or not all(map(bound.met, cells))]
    parts = "; ".join(_excludes(bound, cells) for bound in asked)
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


def _difference(m: Measurement, chosen: Measurement, metric: Metric, policy: Policy) -> str:
    sign = int(pareto.significant([m, chosen], metric, policy.tolerances)[0, 1])
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
    limit = "noise" if metric == "latency" else "tolerance"
    return f"{text}, {apart}, {'beyond' if sign else 'within'} the {limit}"
