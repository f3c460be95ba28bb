"""Predictions of an artifact on a whole split, in its own runtime."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.core.errors import ArtifactError, OutOfTime
from edgebench.core.files import replacing
from edgebench.core.job_results import Predicted
from edgebench.data.stored import Batches

if TYPE_CHECKING:
    from edgebench.core.contracts import Job, Progress
    from edgebench.core.protocols import Runtime


def predict(job: Job, runtime: Runtime, progress: Progress | None = None) -> Predicted:
    """Write the logits (float32, shape (records, classes)) of the job's records to `job.output`.

    Calls `progress` with (records done, records). Raises ArtifactError for answers of another shape, OutOfTime where
    `job.max_seconds` have passed after loading began, and some records are left: then it writes nothing.
    """
    last = math.inf if job.max_seconds is None else time.perf_counter() + job.max_seconds
    session = runtime.load(Path(job.path), job.artifact, job.device)
    found = Batches(job.input, *job.further)
    count = len(found) if job.records is None else min(job.records, len(found))
    logits = np.empty((count, len(job.artifact.classes)), np.float32)
    most = job.artifact.batch or job.batch
    # With a limit, calls begin small: a batch of a slow network would take far too long.
    size, end = most if job.artifact.batch or job.max_seconds is None else 1, 0
    while end < count:
        if end and time.perf_counter() >= last:
            raise OutOfTime(f"no score: {end} of {count} records were predicted in {job.max_seconds:.3g} s")
        start, end = end, min(end + size, count)
        size = min(2 * size, most)
        if job.artifact.batch and end - start < size:  # it takes whole batches only: the last record fills this one
            answer = session.predict(*found[np.minimum(np.arange(start, start + size), end - 1)])[: end - start]
        else:
            answer = session.predict(*found[start:end])
        expected = logits[start:end]
        if expected.shape[1] == 1 and np.shape(answer) == expected.shape[:1]:
            answer = answer[:, None]  # a file may answer one quantity a record without an axis for it
        if np.shape(answer) != expected.shape:  # NumPy would broadcast some wrong shapes without an error
            raise ArtifactError(
                f"{job.path}: answers {np.shape(answer)} for {len(expected)} records, not {expected.shape}: "
                f"there are {len(job.artifact.classes)} classes"
            )
        expected[:] = answer
        if progress:
            progress(end, count)
    with replacing(Path(job.output)) as part:
        np.save(part, logits)
    return Predicted(count, dict(session.settings))
