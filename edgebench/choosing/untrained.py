"""What is known of untrained networks: which of them meet the bounds on latency, size and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgebench.choosing import limits, reasons
from edgebench.choosing.values import Metric, compared, value_of
from edgebench.core import units
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy


def is_untrained(m: Measurement) -> bool:
    """Whether a cell was measured with random weights."""
    return m.status == "ok" and m.artifact is not None and m.artifact.untrained


def known(
    cells: Sequence[Measurement], policy: Policy
) -> tuple[str, Mapping[str, int], tuple[tuple[Measurement, str], ...]]:
    """Why none of these cells of one target is recommended, how many of them miss each bound, and those that meet all.

    The latter are listed from the fastest, or on an emulated target from the smallest, each with what is known of it.
    """
    emulated = any(m.emulated for m in cells)
    bounds = limits.of_resources(policy, emulated)
    fit = [m for m in cells if not limits.missed(m, bounds)]
    first: Metric = "size" if emulated else "latency"
    fit.sort(key=lambda m: (value_of(m, first) or 0.0, m.cell.id))
    why = ["The networks are untrained: without a score none is recommended; train one of those that fit."]
    if bounds:
        which = ", ".join(bound.text for bound in bounds)
        why.append(f"{len(fit)} of {len(cells)} cells meet {which}.")
    if emulated:
        why.append(reasons.emulation(policy))
    excluded = {bound.text: sum(not bound.met(m) for m in cells) for bound in bounds}
    return " ".join(why), excluded, tuple((m, _text(m, emulated)) for m in fit)


def _text(m: Measurement, emulated: bool) -> str:
    parts = reasons.listed(m, [metric for metric in compared(emulated) if metric != "score"])
    count = m.artifact.network.parameters if m.artifact else None
    return parts if count is None else f"{parts}, {units.count(count)} parameters"
