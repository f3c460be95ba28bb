"""The time of each operator of a model, as OpenVINO's own counters have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from edgebench.core.operators import OperatorKind, OperatorTime

CONVERSIONS = ("FakeQuantize", "Convert", "Reorder")
"""A reorder changes the layout of a tensor, and often its type, between two kernels."""


def kind_of(operator: str, kernel: str) -> OperatorKind:
    """The kind of an operator, by its type and the name of its kernel, such as `brgconv_avx512_I8`."""
    if operator in CONVERSIONS:
        return "conversion"
    return "int8" if kernel.lower().endswith(("_i8", "_u8")) else "float"


def read(predictions: Sequence[Sequence[Any]], layer: Callable[[str], str] = lambda name: "") -> list[OperatorTime]:
    """The operators of one prediction, from the most expensive; times are medians over all predictions.

    `layer` says the layer of a node, from its name.
    """
    times: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for operators in predictions:
        for one in operators:
            if str(one.status).endswith("EXECUTED"):
                node = str(one.node_name), str(one.node_type), str(one.exec_type)
                times[node].append(one.real_time.total_seconds())
    calls: dict[tuple[str, OperatorKind, str], int] = defaultdict(int)
    seconds: dict[tuple[str, OperatorKind, str], float] = defaultdict(float)
    for (name, operator, kernel), spent in times.items():
        key = operator, kind_of(operator, kernel), layer(name)
        calls[key] += 1
        seconds[key] += median(spent)  # one call that lost its core would swamp the mean
    found = [OperatorTime(*key[:2], calls[key], seconds[key], key[2]) for key in calls]
    return sorted(found, key=lambda o: -o.seconds)
