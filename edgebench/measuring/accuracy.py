"""Predictions over a whole split through the artifact's own runtime, and their scores."""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Artifact, Cell, Job, Progress
from edgebench.core.errors import ArtifactError
from edgebench.core.files import replacing
from edgebench.core.options import split, untrained
from edgebench.core.protocols import Runtime
from edgebench.core.results import Predicted
from edgebench.data.signals import open_signals, to_millivolts
from edgebench.tasks.statistics import (
    agreement,
    calibration_error,
    decide,
    f1_per_class,
    interval,
    macro_auc,
    macro_f1,
    probabilities,
    resamples,
)


@dataclass(frozen=True)
class Accuracy:
    """Scores of one artifact with 95 % intervals; the deltas are against the uncompressed fp32 model."""

    records: int
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    macro_auc: float | None
    macro_auc_low: float | None
    macro_auc_high: float | None
    calibration_error: float
    f1_by_class: Mapping[str, float]
    delta_macro_f1: float | None = None
    delta_low: float | None = None
    delta_high: float | None = None
    delta_macro_auc: float | None = None
    delta_auc_low: float | None = None
    delta_auc_high: float | None = None
    agreement: float | None = None
    """Share of the single decisions that are the fp32 model's."""
    max_abs_error: float | None = None
    counterpart: str = ""
    """Exporter and variant of the plainer int8 that this one is held against; empty where there is none."""
    counterpart_delta: float | None = None
    counterpart_low: float | None = None
    counterpart_high: float | None = None


@dataclass(frozen=True)
class Reference:
    """What the uncompressed fp32 model says of the same records; its resampled scores are computed once."""

    labels: NDArray[np.uint8]
    logits: NDArray[np.float32]
    thresholds: tuple[float, ...]
    """Its own: a model that was trained on has others."""

    @functools.cached_property
    def decisions(self) -> NDArray[np.uint8]:
        """(records, classes) of 0 and 1."""
        return decide(self.logits, self.thresholds)

    @functools.cached_property
    def f1_samples(self) -> NDArray[np.float64]:
        """Macro-F1 of each resample."""
        return resamples(len(self.labels)).macro_f1(self.labels, self.decisions)

    @functools.cached_property
    def auc_samples(self) -> NDArray[np.float64]:
        """Macro-AUC of each resample."""
        return resamples(len(self.labels)).macro_auc(self.labels, self.logits)


class Answer(NamedTuple):
    """What a cell's artifact says of the records."""

    logits: NDArray[np.float32]
    artifact: Artifact
    reference: Reference | None


def predict(job: Job, runtime: Runtime, progress: Progress | None = None) -> Predicted:
    """Write the logits (float32, shape (records, classes)) of the job's records to `job.output`.

    `progress` is called with (records done, records).
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
        if progress:
            progress(min(start + job.batch, len(mapped)), len(mapped))
    with replacing(Path(job.output)) as part:
        np.save(part, logits)
    return Predicted(len(mapped), dict(session.settings))


def score(
    labels: NDArray[np.uint8], logits: NDArray[np.float32], reference: Reference | None, artifact: Artifact
) -> Accuracy:
    """Score logits with the model's own thresholds, beside the reference model's on the same records."""
    decisions = decide(logits, artifact.thresholds)
    drawn = resamples(len(labels))
    f1, auc = macro_f1(labels, decisions), macro_auc(labels, logits)
    f1_samples = drawn.macro_f1(labels, decisions)
    auc_samples = drawn.macro_auc(labels, logits) if auc is not None else None
    if auc_samples is not None and np.isnan(auc_samples).all():
        auc_samples = None  # so few records that every resample lacks a label
    low, high = interval(f1_samples)
    auc_low, auc_high = interval(auc_samples) if auc_samples is not None else (None, None)
    alone = Accuracy(
        len(labels), f1, low, high, auc, auc_low, auc_high, calibration_error(labels, probabilities(logits)),
        dict(zip(artifact.classes, map(float, f1_per_class(labels, decisions)), strict=True)),
    )  # fmt: skip
    if reference is None:
        return alone
    low, high = interval(f1_samples - reference.f1_samples)
    against = replace(
        alone, delta_macro_f1=f1 - macro_f1(labels, reference.decisions), delta_low=low, delta_high=high,
        agreement=agreement(decisions, reference.decisions),
        max_abs_error=float(np.abs(logits - reference.logits).max()),
    )  # fmt: skip
    other = macro_auc(labels, reference.logits)
    if auc is None or other is None or auc_samples is None:
        return against
    low, high = interval(auc_samples - reference.auc_samples)
    return replace(against, delta_macro_auc=auc - other, delta_auc_low=low, delta_auc_high=high)


def scores(
    labels: NDArray[np.uint8], answers: Mapping[Cell, Answer], wanted: Container[Cell] | None = None
) -> dict[str, Accuracy]:
    """The scores of each wanted cell by its id, held against the uncompressed fp32 model and against plainer int8.

    Without `wanted` of all; what is not wanted is only there to be compared with.
    """
    decisions = {cell: decide(answer.logits, answer.artifact.thresholds) for cell, answer in answers.items()}
    found = {}
    for cell, answer in answers.items():
        if wanted is not None and cell not in wanted:
            continue
        accuracy = score(labels, answer.logits, answer.reference, answer.artifact)
        other = plainer(cell)
        if other in decisions:
            accuracy = _held(accuracy, other.name, labels, decisions[cell], decisions[other])
        found[cell.id] = accuracy
    return found


def plainer(cell: Cell) -> Cell | None:
    """The int8 cell that shows what an option or a training with quantization buys: without either, else alike.

    None where the cell has neither.
    """
    other = replace(cell, exporter=split(cell.exporter)[0], variant=untrained(cell.variant))
    return None if other == cell else other


def _held(
    found: Accuracy, name: str, labels: NDArray[np.uint8], decisions: NDArray[np.uint8], others: NDArray[np.uint8]
) -> Accuracy:
    """With the difference of macro-F1 to another artifact's decisions on the same records."""
    drawn = resamples(len(labels))
    low, high = interval(drawn.macro_f1(labels, decisions) - drawn.macro_f1(labels, others))
    return replace(
        found, counterpart=name, counterpart_delta=macro_f1(labels, decisions) - macro_f1(labels, others),
        counterpart_low=low, counterpart_high=high,
    )  # fmt: skip
