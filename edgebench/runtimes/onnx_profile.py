"""Where an ONNX file's time goes, by ONNX Runtime's own profiler."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from edgebench.measurements import OperatorKind, OperatorTime

CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
INT8 = ("QLinear", "QGemm", "QAttention", "DynamicQuantizeMatMul")


def kind_of(operator: str) -> OperatorKind:
    """What an operator of an optimised graph computes on."""
    if operator in CONVERSIONS:
        return "conversion"
    return "int8" if operator.startswith(INT8) or "Integer" in operator else "float"


def read(file: Path, ignored: int) -> list[OperatorTime]:
    """The operators of a profile, from the most expensive; the first `ignored` runs of each node are left out."""
    runs: dict[str, list[float]] = defaultdict(list)
    operators: dict[str, str] = {}
    for event in json.loads(file.read_text()):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            runs[event["name"]].append(event["dur"] / 1e6)
            operators[event["name"]] = event["args"]["op_name"]
    calls: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for node, times in runs.items():
        kept = times[ignored:] or times
        calls[operators[node]] += 1
        seconds[operators[node]] += sum(kept) / len(kept)
    found = [OperatorTime(name, kind_of(name), calls[name], seconds[name]) for name in calls]
    return sorted(found, key=lambda o: -o.seconds)
