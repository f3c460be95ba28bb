"""The worker process: one artifact, one job. Run as `python -m edgebench.measuring.worker`.

It imports only the device side: NumPy and the runtime of the artifact's format, and of EdgeBench what its kind of job
needs, since every cell of a run pays for several starts. It answers once, and again where operators are profiled too.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core import artifact_files, registry
from edgebench.core.contracts import Job, Outcome
from edgebench.core.errors import ArtifactError, DiskFull, EdgeBenchError, OutOfTime, Unsupported, first_line
from edgebench.core.files import FULL
from edgebench.core.serialization import from_dict, to_dict
from edgebench.isolation import turns
from edgebench.isolation.child import answer_with, say

if TYPE_CHECKING:
    from edgebench.core.job_results import ColdStart, Memory, Predicted, TimedProcess
    from edgebench.core.operators import Operators
    from edgebench.core.protocols import Runtime

SIGN_OF_LIFE_S = 0.3
"""Well under the shortest timeout that a plan may have, a second."""


class Heartbeat:
    """Tells the parent now and then how far a long prediction is, so that only one that hangs runs into the timeout."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Say it, unless it was said a moment ago."""
        if time.monotonic() - self._last >= SIGN_OF_LIFE_S:
            self._last = time.monotonic()
            say({"done": done, "total": total})


def perform(job: Job) -> Outcome[Any]:
    """Do one job in this process. What goes wrong is an outcome, not an exception, but for a full disk."""
    try:
        runtime = _started(job)
        heartbeat = Heartbeat()
        with turns.measuring(job.turn, lambda: heartbeat(0, 1)):
            return Outcome("ok", result=_measured(job, runtime))
    except DiskFull:
        raise
    except Unsupported as error:
        return Outcome("unsupported", str(error))
    except OutOfTime as error:
        return Outcome("skipped", str(error))
    except EdgeBenchError as error:
        return Outcome("failed", str(error))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        return Outcome("failed", f"{type(error).__name__}: {first_line(error, 'no message')[:300]}")


def _started(job: Job) -> Runtime:
    """The runtime of a job, which has imported its libraries. Raises Unsupported, and what else a runtime raises."""
    runtime: Runtime = registry.runtime(job.artifact.format, job.runtime)
    if job.kind == "profile" and not hasattr(runtime, "profile"):
        raise Unsupported(f"the runtime '{runtime.format}' does not tell its operators' times")
    if job.artifact.feed:
        from edgebench.measuring import io_adapter

        runtime = io_adapter.AdaptedRuntime(runtime, job.artifact.feed)
    if job.further and not getattr(runtime, "several_inputs", False):
        names = ", ".join(one.name for one in job.further)
        raise Unsupported(f"the runtime '{runtime.format}' takes one input; the network takes {names}, too")
    missing = runtime.unavailable(job.device, job.engine)
    if missing:
        raise Unsupported(missing)
    if file := artifact_files.changed(job.artifact, Path(job.path)):
        raise ArtifactError(f"{file}: its SHA-256 is not the manifest's; it is damaged or was replaced")
    # Predictions and memory come first in a cell; its other timed processes need not look again.
    if (job.kind in ("predict", "memory") or job.memory) and (check := getattr(runtime, "check", None)):
        check(Path(job.path))
    if job.kind != "predict" and job.artifact.batch not in (0, job.batch):
        raise Unsupported(one_size(job.artifact.batch))
    if job.cores:
        os.sched_setaffinity(0, job.cores)
    runtime.start(job.threads, job.engine)
    # What bounds address space is of no use to CUDA, which reserves it without end.
    if job.memory_limit_bytes is not None and not job.in_cgroup and job.device == "cpu":
        from edgebench.measuring import memory

        memory.bound(job.memory_limit_bytes, job.threads)
    return runtime


def one_size(batch: int) -> str:
    """Why a job with another batch cannot be done, for an artifact that takes batches of one size."""
    return "it takes one record at a time" if batch == 1 else f"it takes batches of {batch} records, no others"


def _measured(job: Job, runtime: Runtime) -> Predicted | Memory | Operators | TimedProcess | ColdStart:
    """What this kind of job gives; only its own module is imported."""
    if job.kind == "predict":
        from edgebench.isolation.allocator import keep_memory
        from edgebench.measuring import predictions

        keep_memory()
        return predictions.predict(job, runtime, Heartbeat())
    if job.kind == "memory":
        from edgebench.measuring import memory

        return memory.measure(job, runtime)
    if job.kind == "profile":
        from edgebench.measuring import operators

        return operators.measure(job, runtime)
    from edgebench.measuring import latency

    return latency.cold_start(job, runtime) if job.kind == "cold" else latency.measure(job, runtime)


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    gc.disable()  # a collection in the timed loop would be measured as the model's
    job = from_dict(Job, request)
    outcome = perform(job)
    yield to_dict(outcome)
    if job.profile and outcome.status == "ok":
        from edgebench.measuring import operators

        yield to_dict(perform(operators.job_after(job)))


if __name__ == "__main__":
    answer_with(_handle)
