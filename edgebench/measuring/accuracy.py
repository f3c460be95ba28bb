"""Predictions over a whole split through the artifact's own runtime, and their scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.contracts import Artifact, Job, Progress
from edgebench.errors import ArtifactError
from edgebench.files import replacing
from edgebench.protocols import Runtime
from edgebench.signals import open_signals, to_millivolts
from edgebench.statistics import bootstrap_macro_f1, decide, interval, macro_auc, macro_f1

BATCH = 16
"""Records a call: large enough that calls cost nothing, small enough for a board's memory."""


@dataclass(frozen=True)
class Accuracy:
    """Scores of one artifact with 95 % intervals; the deltas are against the uncompressed fp32 model."""

    records: int
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    macro_auc: float | None
    delta_macro_f1: float | None = None
    delta_low: float | None = None
    delta_high: float | None = None
    max_abs_error: float | None = None


def predict(job: Job, runtime: Runtime, told: Progress | None = None) -> dict[str, Any]:
    """Write the logits (float32, shape (records, classes)) of the job's records to `job.output`.

    `told` gets (records done, records) as it goes on.
    """
    session = runtime.load(Path(job.path), job.artifact, job.device)
    mapped = open_signals(job.signals)[: job.records]
    logits = np.empty((len(mapped), len(job.artifact.classes)), np.float32)
    for start in range(0, len(mapped), job.batch):
        answer = session.predict(to_millivolts(mapped[start : start + job.batch]))
        expected = logits[start : start + job.batch]
        if np.shape(answer) != expected.shape:  # NumPy would stretch some wrong shapes without a word
            raise ArtifactError(
                f"{job.path}: answers {np.shape(answer)} for {len(expected)} records, not {expected.shape}: "
                f"there are {len(job.artifact.classes)} classes"
            )
        expected[:] = answer
        if told:
            told(min(start + job.batch, len(mapped)), len(mapped))
    with replacing(Path(job.output)) as part:
        np.save(part, logits)
    return {"records": len(mapped), "settings": dict(session.settings)}


def score(
    labels: NDArray[np.uint8], logits: NDArray[np.float32], reference: NDArray[np.float32] | None, artifact: Artifact
) -> Accuracy:
    """Score logits with the model's own thresholds, beside the reference model's logits on the same records."""
    decisions = decide(logits, artifact.thresholds)
    baseline = None if reference is None else decide(reference, artifact.thresholds)
    scores, deltas = bootstrap_macro_f1(labels, decisions, baseline)
    f1 = macro_f1(labels, decisions)
    alone = Accuracy(len(labels), f1, *interval(scores), macro_auc(labels, logits))
    if reference is None or baseline is None or deltas is None:
        return alone
    low, high = interval(deltas)
    return replace(
        alone, delta_macro_f1=f1 - macro_f1(labels, baseline), delta_low=low, delta_high=high,
        max_abs_error=float(np.abs(logits - reference).max()),
    )  # fmt: skip
