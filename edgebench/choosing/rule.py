"""The one order in which artifacts are preferred: each has a cost, which depends on the policy and on itself alone.

The cost is the sum over the metrics of weight times logarithm: of latency, file size and peak memory in base units, and
of a factor 2 for each usual drop that the score is worse (`Metric.losses`). So a difference counts as a ratio, and the
cheapest is the cell with the smallest product of powers. Three things come before the cost:

1. cells whose drop below fp32 is known come before those where it is not. Among the latter nobody knows what is given
   up, so there the score counts as the preferred metric, unless the policy has a `min_score`;
2. cells with all metrics that count come before those without one;
3. the name decides between equal costs.

Since no cell's place depends on other cells, removing one that was not chosen never changes the choice, and a factor on
all latencies, sizes or peaks adds the same to each cost. docs/design.md says why there is no threshold in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.choosing.values import Metric, compared, value_of
from edgebench.core.measurements import Measurement
from edgebench.core.policy import PREFERRED, Policy

DIGITS = 9
"""Costs that differ by less are equal: the last digits of a logarithm depend on the unit."""
Cost = tuple[bool, int, float]


@dataclass(frozen=True)
class Choice:
    """The cells that may be shipped, the best first."""

    order: tuple[Measurement, ...]

    @property
    def cell(self) -> Measurement:
        """The chosen one."""
        return self.order[0]


def choose(cells: Sequence[Measurement], policy: Policy) -> Choice:
    """Choose one of one or more cells, which meet the bounds."""
    return Choice(tuple(sorted(cells, key=lambda m: (cost(m, policy), m.cell.id))))


def cost(m: Measurement, policy: Policy) -> Cost:
    """What a cell costs; smaller is better. `Cost` compares only within one target."""
    known = drop_is_known(m)
    terms: list[float] = []
    missing = 0
    for metric in compared(m.emulated):
        weight = weight_of(metric, policy, known)
        value = value_of(m, metric)
        if not weight:
            continue
        if value is None:
            missing += 1
        elif metric == "score" and m.scores:
            terms.append(weight * math.log(2) * m.scores.primary.metric.losses(value))
        else:
            terms.append(weight * math.log(value))
    return not known, missing, round(math.fsum(terms), DIGITS)


def weight_of(metric: Metric, policy: Policy, known: bool) -> float:
    """The weight of a metric for a cell whose drop below fp32 is known or not."""
    if known or policy.min_score is not None:
        return policy.weight(metric)
    return PREFERRED if metric == "score" else 1.0


def drop_is_known(m: Measurement) -> bool:
    """Whether the cell was compared with the fp32 network on the same records."""
    return m.scores is not None and m.scores.primary.drop is not None
