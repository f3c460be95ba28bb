"""Predictions of an artifact on a whole split, in its own runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.core.errors import ArtifactError
from edgebench.core.files import replacing
from edgebench.core.job_results import Predicted
from edgebench.data.stored import Batches

if TYPE_CHECKING:
    from edgebench.core.contracts import Job, Progress
    from edgebench.core.protocols import Runtime


def predict(job: Job, runtime: Runtime, progress: Progress | None = None) -> Predicted:
    """Write the logits (float32, shape (records, classes)) of the job's records to `job.output`.

    Calls `progress` with (records done, records). Raises ArtifactError for answers of another shape.
    """
    session = runtime.load(Path(job.path), job.artifact, job.device)
    found = Batches(job.input, *job.further)
    count = len(found) if job.records is None else min(job.records, len(found))
    logits = np.empty((count, len(job.artifact.classes)), np.float32)
    size = job.artifact.batch or job.batch
    for start in range(0, count, size):
        end = min(start + size, count)
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
