"""Predictions of an artifact on a whole split, in its own runtime, and their scores."""

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
from edgebench.core.results import Counterpart, Predicted, Score, Scores
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
class Reference:
    """The answers of the uncompressed fp32 model on the same records; its bootstrap samples are computed once."""

    labels: NDArray[np.uint8]
    logits: NDArray[np.float32]
    """float32, shape (records, classes)."""
    thresholds: tuple[float, ...]
    """Of this model: a network that was fine-tuned has thresholds of its own."""

    @functools.cached_property
    def decisions(self) -> NDArray[np.uint8]:
        """(records, classes) of 0 and 1."""
        return decide(self.logits, self.thresholds)

    @functools.cached_property
    def f1_samples(self) -> NDArray[np.float64]:
        """Macro-F1 of each bootstrap sample."""
        return resamples(len(self.labels)).macro_f1(self.labels, self.decisions)

    @functools.cached_property
    def auc_samples(self) -> NDArray[np.float64]:
        """Macro-AUC of each bootstrap sample."""
        return resamples(len(self.labels)).macro_auc(self.labels, self.logits)


class Answer(NamedTuple):
    """The answers of a cell's artifact on the records, and the reference that they are compared with."""

    logits: NDArray[np.float32]
    artifact: Artifact
    reference: Reference | None


def predict(job: Job, runtime: Runtime, progress: Progress | None = None) -> Predicted:
    """Write the logits (float32, shape (records, classes)) of the job's records to `job.output`.

    Calls `progress` with (records done, records). Raises ArtifactError for answers of another shape.
    """
    session = runtime.load(Path(job.path), job.artifact, job.device)
    mapped = open_signals(job.signals)[: job.records]
    logits = np.empty((len(mapped), len(job.artifact.classes)), np.float32)
    for start in range(0, len(mapped), job.batch):
        answer = session.predict(to_millivolts(mapped[start : start + job.batch]))
        expected = logits[start : start + job.batch]
        if np.shape(answer) != expected.shape:  # NumPy would broadcast some wrong shapes without an error
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
) -> Scores:
    """Score logits with the model's own thresholds, and compare them with the reference on the same records.

    Shapes: labels and logits (records, classes).
    """
    decisions = decide(logits, artifact.thresholds)
    drawn = resamples(len(labels))
    f1, auc = macro_f1(labels, decisions), macro_auc(labels, logits)
    f1_samples = drawn.macro_f1(labels, decisions)
    auc_samples = drawn.macro_auc(labels, logits) if auc is not None else None
    if auc_samples is not None and np.isnan(auc_samples).all():
        auc_samples = None  # so few records that every bootstrap sample lacks a label
    scores = Scores(
        len(labels), Score(f1, *interval(f1_samples)),
        None if auc is None else Score(auc, *(interval(auc_samples) if auc_samples is not None else ())),
        calibration_error(labels, probabilities(logits)),
        dict(zip(artifact.classes, map(float, f1_per_class(labels, decisions)), strict=True)),
    )  # fmt: skip
    if reference is None:
        return scores
    scores = replace(
        scores,
        macro_f1=_compared(scores.macro_f1, macro_f1(labels, reference.decisions), f1_samples - reference.f1_samples),
        agreement=agreement(decisions, reference.decisions),
        max_abs_error=float(np.abs(logits - reference.logits).max()),
    )
    other = macro_auc(labels, reference.logits)
    if scores.macro_auc is None or other is None or auc_samples is None:
        return scores
    return replace(scores, macro_auc=_compared(scores.macro_auc, other, auc_samples - reference.auc_samples))


def _compared(found: Score, other: float, differences: NDArray[np.float64]) -> Score:
    """A score with its difference to another value; the bootstrap samples of the difference give the interval."""
    low, high = interval(differences)
    return replace(found, delta=found.value - other, delta_low=low, delta_high=high)


def score_cells(
    labels: NDArray[np.uint8], answers: Mapping[Cell, Answer], wanted: Container[Cell] | None = None
) -> dict[str, Scores]:
    """The scores of each wanted cell by its id, compared with the fp32 model and with the plainer int8 artifact.

    Without `wanted`, those of all cells. Cells that are not wanted serve only as plainer int8 for others.
    """
    decisions = {cell: decide(answer.logits, answer.artifact.thresholds) for cell, answer in answers.items()}
    found = {}
    for cell, answer in answers.items():
        if wanted is not None and cell not in wanted:
            continue
        scores = score(labels, answer.logits, answer.reference, answer.artifact)
        other = plainer(cell)
        if other in decisions:
            scores = replace(scores, counterpart=_counterpart(other.name, labels, decisions[cell], decisions[other]))
        found[cell.id] = scores
    return found


def plainer(cell: Cell) -> Cell | None:
    """The int8 cell without the exporter's options and without quantization-aware training, otherwise the same.

    It shows what these gain. None where the cell has neither.
    """
    other = replace(cell, exporter=split(cell.exporter)[0], variant=untrained(cell.variant))
    return None if other == cell else other


def _counterpart(
    name: str, labels: NDArray[np.uint8], decisions: NDArray[np.uint8], others: NDArray[np.uint8]
) -> Counterpart:
    """The difference of macro-F1 to another artifact's decisions on the same records."""
    drawn = resamples(len(labels))
    low, high = interval(drawn.macro_f1(labels, decisions) - drawn.macro_f1(labels, others))
    return Counterpart(name, macro_f1(labels, decisions) - macro_f1(labels, others), low, high)
