"""Where the time of one prediction goes: the runtime's own profiler, in a separate process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from edgebench.core.contracts import Job
from edgebench.core.files import write_text
from edgebench.core.protocols import Runtime
from edgebench.core.results import OperatorKind, Operators, OperatorTime
from edgebench.data.stored import Batches

RUNS = 40
"""Predictions; the first quarter is warm-up and does not count."""


def measure(job: Job, runtime: Runtime) -> Operators:
    """Profile predictions of single records, write the operators to `job.output` as JSON, and return their summary."""
    read = Batches(job.input, *job.further)
    records = [read[i % len(read) : i % len(read) + 1] for i in range(RUNS)]
    found = runtime.profile(Path(job.path), job.artifact, job.device, records)
    write_text(Path(job.output), json.dumps([asdict(o) for o in found], indent=1) + "\n")
    return summary(found)


def summary(operators: Sequence[OperatorTime]) -> Operators:
    """Count the operators of one prediction by kind, with their shares of its time and the slowest operator."""
    total = sum(o.seconds for o in operators) or 1.0

    def calls(kind: OperatorKind) -> int:
        return sum(o.calls for o in operators if o.kind == kind)

    def share(kind: OperatorKind) -> float:
        return sum(o.seconds for o in operators if o.kind == kind) / total

    top = max(operators, key=lambda o: o.seconds, default=None)
    return Operators(
        calls("int8"), calls("float"), calls("conversion"), share("int8"), share("conversion"),
        top.name if top else "", top.seconds / total if top else None,
    )  # fmt: skip
