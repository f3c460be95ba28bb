"""Per-sample latency in one process: load, first inference, warm-up, then a closed loop over real records."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.contracts import Job
from edgebench.files import replacing
from edgebench.measuring import environment
from edgebench.protocols import Runtime
from edgebench.signals import open_signals, to_millivolts

POOL = 64
"""Records that the loop goes round: enough that no cache holds the answer, few enough to stay in memory."""


def measure(job: Job, runtime: Runtime) -> dict[str, Any]:
    """Time one prediction after the other; the raw samples, in seconds (float64), go to `job.output`.

    Runs until there are `job.min_samples` samples and `job.min_seconds` have passed. Returns load_s,
    first_inference_s, the number of samples, and what the machine said about throttling.
    """
    mapped = open_signals(job.signals)
    count = min(POOL, len(mapped) // job.batch)
    pool = [to_millivolts(mapped[i * job.batch : (i + 1) * job.batch]) for i in range(count)]
    throttled_before = environment.throttle_events()
    started = time.perf_counter()
    session = runtime.load(Path(job.path), job.artifact, job.device)
    load_s = time.perf_counter() - started
    started = time.perf_counter()
    session.predict(pool[0])
    first_inference_s = time.perf_counter() - started
    for i in range(job.warmup):
        session.predict(pool[i % count])
    samples: list[float] = []
    clock, predict = session.clock, session.predict
    end = time.perf_counter() + job.min_seconds
    while len(samples) < job.min_samples or time.perf_counter() < end:
        record = pool[len(samples) % count]
        clock.start()
        predict(record)
        samples.append(clock.stop())
    with replacing(Path(job.output)) as part:
        np.save(part, np.array(samples))
    return {
        "load_s": load_s,
        "first_inference_s": first_inference_s,
        "samples": len(samples),
        "throttled": environment.throttle_events() > throttled_before or environment.throttled_now(),
        "settings": dict(session.settings),
    }
