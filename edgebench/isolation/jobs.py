"""Does one job in a fresh worker process; a crash, a hang and too little memory are outcomes.

Every stage of a run, the check of an export and each search start their processes here.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.contracts import Artifact, Job, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import UnknownPlugin
from edgebench.core.job_keys import RESULTS
from edgebench.core.operators import Operators
from edgebench.core.scratch import scratch_folder
from edgebench.core.serialization import outcome_from, to_dict
from edgebench.isolation import cgroup, forking
from edgebench.isolation.cgroup import Group, NoCgroup
from edgebench.isolation.forking import ForkServer
from edgebench.isolation.process import SHARING, ChildError, ask

WORKER = "edgebench.measuring.worker"
PREDICT_BATCH = 16
"""Records a call: large enough that calls cost nothing, small enough for a board's memory."""
WORKER_BYTES = 2**30
"""Memory in bytes to reserve for each worker: torch alone takes over half of it."""
TIMED = ("latency", "cold", "profile")
"""Kinds of jobs that run alone."""
OUT_OF_MEMORY = re.compile(
    r"memory in use|MemoryError|bad_alloc|bad allocation|allocate memory|failed to allocate|(?<!\()out of memory"
    "|new thread|Resource temporarily unavailable",
    re.IGNORECASE,
)
"""Messages of Python, the C++ library, torch and ONNX Runtime when an allocation fails.

`(out of memory, or ...` is only a guess at who sent SIGKILL."""


def run_job(
    job: Job, timeout_s: float, profiled: Callable[[Outcome[Operators]], object] = lambda _: None
) -> Outcome[Any]:
    """Do a job in a fresh worker process, which is ended when it reports nothing for `timeout_s` seconds.

    The result is the record of the job's kind. A job with a memory limit runs in a cgroup where one can be made, else
    with bounded address space; one that needs more is `unsupported`. Where the job has a `profile`, `profiled` gets its
    outcome, which changes nothing of the job's own. Raises DiskFull.
    """
    with contextlib.suppress(UnknownPlugin):  # the worker reports that
        job = replace(job, runtime=registry.place("runtimes", job.artifact.format))
    limit = job.memory_limit_bytes
    if limit is None:
        return _run(job, timeout_s, profiled)
    with contextlib.ExitStack() as held:
        group = None
        with contextlib.suppress(NoCgroup):
            group = held.enter_context(cgroup.limited(limit))
        outcome = _run(replace(job, in_cgroup=group is not None), timeout_s, profiled, group)
        if group is not None and outcome.status == "failed" and group.killed():
            outcome = replace(outcome, reason="out of memory: the kernel ended it at the limit of its cgroup")
    if outcome.status == "failed" and OUT_OF_MEMORY.search(outcome.reason):
        reason = f"does not fit into the target's {limit / 1e6:.0f} MB of memory: {outcome.reason}"
        return Outcome("unsupported", reason)
    return outcome


def predict(
    artifact: Artifact, path: Path, records: RecordSet, timeout_s: float, engine: str = ""
) -> Outcome[NDArray[np.float32]]:
    """Logits (records, classes) of an artifact on records, from a fresh worker on the CPU. Raises DiskFull."""
    with scratch_folder() as scratch:
        output = scratch / "logits.npy"
        job = Job(
            "predict", artifact, str(path), "cpu", 1, engine, records.input, str(output),
            batch=predict_batch(artifact), further=records.further(artifact.further),
        )  # fmt: skip
        outcome = run_job(job, timeout_s)
        return Outcome("ok", result=np.load(output)) if outcome.status == "ok" else outcome.failure()


def predict_batch(artifact: Artifact) -> int:
    """Records of one call where a whole split is predicted."""
    # A dynamically quantized layer chooses its scale from the whole batch: predict one by one, as in deployment.
    return 1 if artifact.precision == "int8-dynamic" else PREDICT_BATCH


def workers() -> int:
    """Workers that run at the same time where none is timed: as many as cores and memory allow, four at most."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, cores, int(psutil.virtual_memory().available // WORKER_BYTES)))


def _server(job: Job) -> ForkServer | None:
    """The server from which a worker that only predicts is forked, where it needs torch."""
    server = forking.current()
    if server is None or job.kind != "predict" or job.device != "cpu" or job.memory_limit_bytes is not None:
        return None
    with contextlib.suppress(Exception):  # of a plug-in that cannot be loaded: the worker says why
        if "torch" in getattr(registry.runtime(job.artifact.format, job.runtime), "packages", ()):
            return server
    return None


def _run(
    job: Job, timeout_s: float, profiled: Callable[[Outcome[Operators]], object], group: Group | None = None
) -> Outcome[Any]:
    environment = {} if job.kind in TIMED else dict(SHARING)
    if job.memory_limit_bytes is not None and group is None:
        environment["MALLOC_ARENA_MAX"] = "1"  # each arena reserves address space, and RLIMIT_AS bounds that
    prefix = group.prefix if group else ()
    answers: list[dict[str, Any]] = []
    ended: Outcome[Any] = Outcome("failed", "the worker ended without an answer")
    try:
        for answer in ask(WORKER, to_dict(job), timeout_s, environment, prefix, _server(job)):
            if "status" in answer:
                answers.append(answer)
    except ChildError as failure:
        ended = Outcome("timeout" if failure.timeout else "failed", str(failure))
        if not job.profile:
            return ended
    outcome = outcome_from(RESULTS[job.kind], answers[0]) if answers else ended
    if job.profile and outcome.status == "ok":
        profiled(outcome_from(Operators, answers[1]) if len(answers) > 1 else ended)
    return outcome
