"""Where the time of one prediction goes: the runtime's own profiler, after the timing of the process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.core.files import write_text
from edgebench.core.operators import OperatorKind, Operators, OperatorTime
from edgebench.data.stored import Batches

if TYPE_CHECKING:
    from edgebench.core.contracts import Job
    from edgebench.core.protocols import Runtime

RUNS = 20
"""Predictions; the first quarter is warm-up and does not count."""
FEWEST = 8
"""Predictions of a slow network, which may take longer than `SECONDS`, and of an fp32 one: its operators are all of one
kind, so that only their shares of the time are asked for."""
SECONDS = 1.0
"""Time for the predictions, before the profiler slows them."""


def job_after(timed: Job) -> Job:
    """The profile that follows a timed job, whose samples say how many predictions fit into the time."""
    median = float(np.median(np.load(timed.output)))
    most = FEWEST if timed.artifact.precision == "fp32" else RUNS
    seconds, fewest = (SECONDS, FEWEST) if timed.profile_seconds is None else (min(SECONDS, timed.profile_seconds), 1)
    runs = max(fewest, min(most, int(seconds * timed.batch / max(median, 1e-9))))
    return replace(timed, kind="profile", output=timed.profile, profile="", records=runs, memory_limit_bytes=None)


def measure(job: Job, runtime: Runtime) -> Operators:
    """Profile predictions of single records, write the operators to `job.output` as JSON, and return their summary."""
    read = Batches(job.input, *job.further)
    records = [read[i % len(read) : i % len(read) + 1] for i in range(job.records or RUNS)]
    found = runtime.profile(Path(job.path), job.artifact, job.device, records)
    prefix = job.artifact.layer_prefix
    found = [replace(one, layer=one.layer.removeprefix(prefix)) for one in found]
    write_text(Path(job.output), json.dumps([asdict(o) for o in found], indent=1) + "\n")
    return summary(found)


def summary(operators: Sequence[OperatorTime]) -> Operators:
    """Count the operators of one prediction by kind, with their shares of its time and the slowest operator."""
    total = sum(o.seconds for o in operators) or 1.0

    def calls(kind: OperatorKind) -> int:
        return sum(o.calls for o in operators if o.kind == kind)

    def share(kind: OperatorKind) -> float:
        return sum(o.seconds for o in operators if o.kind == kind) / total

    by_name: dict[str, float] = {}
    for one in operators:
        by_name[one.name] = by_name.get(one.name, 0.0) + one.seconds
    top = max(by_name, key=lambda name: by_name[name], default="")
    return Operators(
        calls("int8"), calls("float"), calls("conversion"), share("int8"), share("conversion"),
        top, by_name[top] / total if top else None,
    )  # fmt: skip
