"""The time of each operator of an ONNX file, by ONNX Runtime's own profiler."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from edgebench.core.operators import OperatorKind, OperatorTime

CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
INT8_TYPES = ("uint8", "int8")
INT8 = ("QLinear", "QGemm", "QAttention", "DynamicQuantizeMatMul")


def kind_of(operator: str, dtype: str = "") -> OperatorKind:
    """The kind of an operator of an optimised graph, by its name or its first input's type."""
    if operator in CONVERSIONS:
        return "conversion"
    return "int8" if dtype in INT8_TYPES or operator.startswith(INT8) or "Integer" in operator else "float"


def read(file: Path, ignored: int, layer: Callable[[str, str], str] = lambda name, operator: "") -> list[OperatorTime]:
    """The operators of a profile, from the most expensive; the first `ignored` runs of each node are left out.

    `layer` says the layer of a node, from its name and operator.
    """
    runs: dict[str, list[float]] = defaultdict(list)
    operators: dict[str, tuple[str, OperatorKind, str]] = {}
    for event in json.loads(file.read_text()):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            runs[event["name"]].append(event["dur"] / 1e6)
            first: dict[str, Any] = next(iter(event["args"].get("input_type_shape", [])), {})
            operator = event["args"]["op_name"]
            kind = kind_of(operator, next(iter(first), ""))
            operators[event["name"]] = operator, kind, layer(event["name"].removesuffix("_kernel_time"), operator)
    calls: dict[tuple[str, OperatorKind, str], int] = defaultdict(int)
    seconds: dict[tuple[str, OperatorKind, str], float] = defaultdict(float)
    for node, times in runs.items():
        kept = times[ignored:] or times
        calls[operators[node]] += 1
        seconds[operators[node]] += median(kept)  # one call that lost its core would swamp the mean
    found = [OperatorTime(*key[:2], calls[key], seconds[key], key[2]) for key in calls]
    return sorted(found, key=lambda o: -o.seconds)
