"""Per-sample latency in one process: load, first inference, warm-up, then a loop over real records."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgebench.core import artifact_files
from edgebench.core.files import replacing
from edgebench.core.job_results import ColdStart, TimedProcess
from edgebench.data.stored import Batches
from edgebench.measuring import energy
from edgebench.measuring.steadiness import Moment, gpu_of

if TYPE_CHECKING:
    from edgebench.core.contracts import Job
    from edgebench.core.protocols import Runtime, Session

Record = tuple[NDArray[np.float32], ...]
"""A batch of records: an array of each input that the artifact takes."""
POOL = 64
"""Records that the loop cycles through: enough that no cache holds the answer, few enough to stay in memory."""
FEW = 8
"""Records of the loop where the process also reports its memory, which more of them would add to."""
WARMUP_SHARE = 0.25
"""Of the time that `max_seconds` leaves after the first prediction, so that a slow network has samples, too."""


def measure(job: Job, runtime: Runtime) -> TimedProcess:
    """Time one prediction after the other and write the raw samples, in seconds (float64), to `job.output`.

    Runs until there are `job.min_samples` samples and `job.min_seconds` have passed. Each prediction begins when the
    last one has ended (closed loop), or at a fixed pace with `job.period_s`. With `job.max_seconds` no sample begins
    later than that after loading began, except for the first. With `job.memory` the process reports its memory, too.
    """
    pool = _pool(job)
    if job.memory:
        from edgebench.measuring import memory

        held = memory.before_loading()
    begun = time.perf_counter()
    last = math.inf if job.max_seconds is None else begun + job.max_seconds
    session, load_s, first_s = _started(job, runtime, pool[0])
    warm = time.perf_counter() + WARMUP_SHARE * (last - time.perf_counter())
    for i in range(job.warmup):
        if time.perf_counter() >= warm:
            break
        session.predict(*pool[i % len(pool)])
    meter = energy.meter(job.device)
    before, joules = Moment.now(gpu_of(job.device)), meter.joules()
    samples = _paced(session, pool, job, last) if job.period_s else _closed(session, pool, job, last)
    spent, state, spent_s = meter.joules(), before.since(), time.perf_counter() - begun
    if spent is None and not job.period_s and time.perf_counter() < last:
        state |= energy.sampled(lambda i: session.predict(*pool[i % len(pool)]))
    elif spent is not None and joules is not None:
        state |= {"energy_j": (spent - joules) / len(samples) / job.batch, "energy_source": meter.source}
    with replacing(Path(job.output)) as part:
        np.save(part, np.array(samples))
    return TimedProcess(
        load_s, first_s, len(samples), job.period_s, **state, settings=dict(session.settings), spent_s=spent_s,
        memory=memory.of_session(job, session, held) if job.memory else None,
    )  # fmt: skip


def cold_start(job: Job, runtime: Runtime) -> ColdStart:
    """Load and predict once, with the file out of the page cache where the system evicts it."""
    from edgebench.measuring.page_cache import evict

    pool = _pool(job)
    evicted = [evict(path) for path in artifact_files.of(job.artifact, Path(job.path))]
    _, load_s, first_s = _started(job, runtime, pool[0])
    return ColdStart(load_s, first_s, all(evicted))


def _pool(job: Job) -> list[Record]:
    """Batches of records, each array (batch, *shape of the input); a batch larger than the set repeats records."""
    found = Batches(job.input, *job.further)
    count = max(1, min(FEW if job.memory else POOL, len(found) // job.batch))
    return [found[np.arange(i * job.batch, (i + 1) * job.batch) % len(found)] for i in range(count)]


def _started(job: Job, runtime: Runtime, record: Record) -> tuple[Session, float, float]:
    """The loaded artifact, and the seconds of loading and of the first prediction."""
    started = time.perf_counter()
    session = runtime.load(Path(job.path), job.artifact, job.device)
    load_s = time.perf_counter() - started
    started = time.perf_counter()
    session.predict(*record)
    return session, load_s, time.perf_counter() - started


def _closed(session: Session, pool: list[Record], job: Job, last: float) -> list[float]:
    samples: list[float] = []
    clock, predict, count = session.clock, session.predict, len(pool)
    end = time.perf_counter() + job.min_seconds
    while not _ended(samples, job, end, last):
        record = pool[len(samples) % count]
        clock.start()
        predict(*record)
        samples.append(clock.stop())
    return samples


def _ended(samples: list[float], job: Job, end: float, last: float) -> bool:
    """Whether there are enough samples, or no time is left for another one."""
    now = time.perf_counter()
    return bool(samples) and (now >= last or (len(samples) >= job.min_samples and now >= end))


def _paced(session: Session, pool: list[Record], job: Job, last: float) -> list[float]:
    """One prediction every `job.period_s`; one that takes longer delays the next to its own end."""
    samples: list[float] = []
    clock, predict, count = session.clock, session.predict, len(pool)
    due = time.perf_counter()
    end = due + job.min_seconds
    while not _ended(samples, job, end, last - job.period_s):
        due += job.period_s
        time.sleep(max(0.0, due - time.perf_counter()))
        record = pool[len(samples) % count]
        clock.start()
        predict(*record)
        samples.append(clock.stop())
        due = max(due, time.perf_counter() - job.period_s)
    return samples
