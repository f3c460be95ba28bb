"""Where the time of a torch module goes, by torch's own profiler."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgebench.measurements import OperatorKind, OperatorTime

CONVERSIONS = ("quantize_per_tensor", "quantize_per_channel", "dequantize", "quantize_per_tensor_dynamic")


def kind_of(operator: str) -> OperatorKind:
    """What an operator computes on, by its name such as `quantized::conv1d_relu` or `aten::add`."""
    space, _, name = operator.partition("::")
    if name in CONVERSIONS:
        return "conversion"
    return "int8" if space in ("quantized", "onednn") or "quantized" in name else "float"


def profile(
    predict: Callable[[NDArray[np.float32]], object], records: Sequence[NDArray[np.float32]]
) -> list[OperatorTime]:
    """The operators that the module itself calls, from the most expensive; what those call counts as theirs."""
    from torch.profiler import ProfilerActivity, profile

    for record in records[: len(records) // 4]:
        predict(record)
    watched = records[len(records) // 4 :]
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for record in watched:
            predict(record)
    calls: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for event in found.events() or ():
        parent = event.cpu_parent
        if "::" in event.name and (parent is None or "::" not in parent.name):
            calls[event.name] += 1
            seconds[event.name] += event.cpu_time_total / 1e6
    n = len(watched)
    operators = [OperatorTime(name, kind_of(name), round(calls[name] / n), seconds[name] / n) for name in calls]
    return sorted(operators, key=lambda o: -o.seconds)
