"""The time of each operator of a torch module, by torch's own profiler."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.operators import OperatorKind, OperatorTime

if TYPE_CHECKING:
    from torch import nn

QUANTIZED_TYPES = ("c10::quint8", "c10::qint8")
CONVERSIONS = ("quantize_per_tensor", "quantize_per_channel", "dequantize", "quantize_per_tensor_dynamic")
LAYER = "layer "
"""The beginning of the name of a span in which a module runs."""


def kind_of(operator: str, dtype: str = "") -> OperatorKind:
    """The kind of an operator: by its name, such as `quantized::conv1d_relu`, or its first input's type."""
    space, _, name = operator.partition("::")
    if name in CONVERSIONS:
        return "conversion"
    integers = dtype.startswith(QUANTIZED_TYPES)
    return "int8" if integers or space in ("quantized", "onednn") or "quantized" in name else "float"


def mark_layers(network: nn.Module) -> None:
    """Have each module of a network announce itself to the profiler, by its path."""
    from torch.profiler import record_function

    open_spans: list[record_function] = []

    def begin(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            open_spans.append(record_function(LAYER + name))
            open_spans[-1].__enter__()  # type: ignore[no-untyped-call]

        return hook

    def finish(*_: object) -> None:
        open_spans.pop().__exit__(None, None, None)

    for name, module in network.named_modules():
        module.register_forward_pre_hook(begin(name))
        module.register_forward_hook(finish)


def profile(
    predict: Callable[..., object], records: Sequence[tuple[NDArray[np.float32], ...]],
    layers: Sequence[tuple[str, str]] = (),
) -> list[OperatorTime]:  # fmt: skip
    """The operators that the module itself calls, from the most expensive; nested ones count towards their caller.

    `layers` has the operators of a prediction in their order, each with its layer; else a network says them itself.
    """
    from torch.profiler import ProfilerActivity, profile

    for record in records[: len(records) // 4]:
        predict(*record)
    watched = records[len(records) // 4 :]
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as found:
        for record in watched:
            predict(*record)
    # The events have the types of their inputs only as the profiler below them saw them.
    types = {e.correlation_id(): (e.dtypes() or [""])[0] for e in found.profiler.kineto_results.events()}
    own = [e for e in found.events() or () if "::" in e.name and not (e.cpu_parent and "::" in e.cpu_parent.name)]
    named = _in_order([event.name for event in own], layers, len(watched))
    calls: dict[tuple[str, OperatorKind, str], int] = defaultdict(int)
    seconds: dict[tuple[str, OperatorKind, str], float] = defaultdict(float)
    for event, layer in zip(own, named, strict=True):
        key = event.name, kind_of(event.name, types.get(event.id, "")), layer or _layer_around(event)
        calls[key] += 1
        seconds[key] += event.cpu_time_total / 1e6
    n = len(watched)
    operators = [OperatorTime(*key[:2], round(calls[key] / n), seconds[key] / n, key[2]) for key in calls]
    return sorted(operators, key=lambda o: -o.seconds)


def _in_order(events: Sequence[str], layers: Sequence[tuple[str, str]], runs: int) -> list[str]:
    """The layer of each event: where an operator ran as often as the file has it, the calls are those of the file."""
    by_operator: dict[str, list[str]] = defaultdict(list)
    for operator, layer in layers:
        by_operator[operator].append(layer)
    ran, seen, found = Counter(events), Counter[str](), []
    for operator in events:
        own = by_operator.get(operator, [])
        found.append(own[seen[operator] % len(own)] if ran[operator] == runs * len(own) else "")
        seen[operator] += 1
    return found


def _layer_around(event: Any) -> str:
    """The innermost module in whose span an event lies; empty where there is none."""
    parent = event.cpu_parent
    return parent.name.removeprefix(LAYER) if parent is not None and parent.name.startswith(LAYER) else ""
