"""Where the time of one prediction goes: the runtime's own profiler, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgebench.core.contracts import Job
from edgebench.core.files import write_text
from edgebench.core.protocols import Runtime
from edgebench.core.results import OperatorKind, OperatorTime
from edgebench.data.signals import open_signals, to_millivolts

RUNS = 40
"""Predictions; the first quarter warms up and is not counted."""


def measure(job: Job, runtime: Runtime) -> dict[str, Any]:
    """Profile single records; the operators go to `job.output` as JSON. Returns what `summary` makes of them."""
    mapped = open_signals(job.signals)
    records = [to_millivolts(mapped[i % len(mapped)][None]) for i in range(RUNS)]
    found = runtime.profile(Path(job.path), job.artifact, job.device, records)
    write_text(Path(job.output), json.dumps([asdict(o) for o in found], indent=1) + "\n")
    return summary(found)


def summary(operators: Sequence[OperatorTime]) -> dict[str, Any]:
    """How many operators of each kind one prediction has, their shares of the time, and the most expensive one."""
    total = sum(o.seconds for o in operators) or 1.0

    def calls(kind: OperatorKind) -> int:
        return sum(o.calls for o in operators if o.kind == kind)

    def share(kind: OperatorKind) -> float:
        return sum(o.seconds for o in operators if o.kind == kind) / total

    top = max(operators, key=lambda o: o.seconds, default=None)
    return {
        "int8_operators": calls("int8"), "float_operators": calls("float"), "conversions": calls("conversion"),
        "int8_time_share": share("int8"), "conversion_time_share": share("conversion"),
        "slowest_operator": top.name if top else "", "slowest_operator_share": top.seconds / total if top else None,
    }  # fmt: skip
