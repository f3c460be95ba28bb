"""The time of each kernel of a program, as ExecuTorch's event dump has it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from statistics import median

from edgebench.core.operators import OperatorKind, OperatorTime

NATIVE = "native_call_"
"""Before the name of a kernel of ExecuTorch's own, which XNNPACK did not take."""
AROUND = ("DELEGATE_CALL", "OPERATOR_CALL", "Method::", "Program::")
"""Spans around kernels."""


def kind_of(kernel: str) -> OperatorKind:
    """The kind of a kernel, by a name such as `Convolution (NHWC, QC8) IGEMM`."""
    if kernel.startswith("Convert") or "quantize" in kernel:
        return "conversion"
    return "int8" if re.search(r"\b(Q[CSUDP]8W?|[QX]8)\b", kernel) else "float"


def read(dump: Path) -> list[OperatorTime]:
    """The kernels of one prediction, from the most expensive; the first quarter of the predictions does not count."""
    from executorch.devtools import Inspector

    calls: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for block in Inspector(etdump_path=str(dump)).event_blocks:
        if block.name != "Execute":
            continue
        for event in block.events:
            if event.perf_data is None or event.name.startswith(AROUND):
                continue
            times = event.perf_data.raw[len(event.perf_data.raw) // 4 :]
            name = shown(event.name)
            calls[name] += 1
            seconds[name] += median(times) / 1000  # of milliseconds
    found = [OperatorTime(name, kind_of(name), calls[name], max(0.0, seconds[name])) for name in calls]
    return sorted(found, key=lambda one: -one.seconds)


def shown(event: str) -> str:
    """The name of a kernel without its number; ExecuTorch's own are called portable."""
    name = re.sub(r" #\d+$", "", event)
    return f"{name.removeprefix(NATIVE).partition('.')[0]} (portable)" if name.startswith(NATIVE) else name
