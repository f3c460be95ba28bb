"""The time of each operator of a torch module, by torch's own profiler."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgebench.core.results import OperatorKind, OperatorTime

QUANTIZED_TYPES = ("c10::quint8", "c10::qint8")
CONVERSIONS = ("quantize_per_tensor", "quantize_per_channel", "dequantize", "quantize_per_tensor_dynamic")


def kind_of(operator: str, dtype: str = "") -> OperatorKind:
    """The kind of an operator: by its name, such as `quantized::conv1d_relu`, or its first input's type."""
    space, _, name = operator.partition("::")
    if name in CONVERSIONS:
        return "conversion"
    integers = dtype.startswith(QUANTIZED_TYPES)
    return "int8" if integers or space in ("quantized", "onednn") or "quantized" in name else "float"


def profile(predict: Callable[..., object], records: Sequence[tuple[NDArray[np.float32], ...]]) -> list[OperatorTime]:
    """The operators that the module itself calls, from the most expensive; nested ones count towards their caller."""
    from torch.profiler import ProfilerActivity, profile

    for record in records[: len(records) // 4]:
        predict(*record)
    watched = records[len(records) // 4 :]
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as found:
        for record in watched:
            predict(*record)
    # The events have the types of their inputs only as the profiler below them saw them.
    types = {e.correlation_id(): (e.dtypes() or [""])[0] for e in found.profiler.kineto_results.events()}
    calls: dict[tuple[str, OperatorKind], int] = defaultdict(int)
    seconds: dict[tuple[str, OperatorKind], float] = defaultdict(float)
    for event in found.events() or ():
        parent = event.cpu_parent
        if "::" in event.name and (parent is None or "::" not in parent.name):
            key = event.name, kind_of(event.name, types.get(event.id, ""))
            calls[key] += 1
            seconds[key] += event.cpu_time_total / 1e6
    n = len(watched)
    operators = [OperatorTime(*key, round(calls[key] / n), seconds[key] / n) for key in calls]
    return sorted(operators, key=lambda o: -o.seconds)
