"""The scores of predictions, and their differences to those of other artifacts."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgebench.core.cells import Cell
from edgebench.core.contracts import Artifact
from edgebench.core.errors import DataError
from edgebench.core.options import split, untrained
from edgebench.core.results import Counterpart, Scores
from edgebench.core.tasks import State
from edgebench.tasks.scoring import Scored, Scoring


@dataclass(frozen=True)
class Reference:
    """The answers of the uncompressed fp32 model on the same records; its bootstrap samples are computed once."""

    scoring: Scoring
    outputs: NDArray[np.float32]
    """float32, shape (records, outputs)."""
    state: State
    """Of this model, such as its thresholds: a network that was fine-tuned has its own."""

    @functools.cached_property
    def scored(self) -> Scored:
        """Its metrics, also in the bootstrap samples."""
        return self.scoring.against(self.outputs).scored(self.outputs, self.state)


class Answer(NamedTuple):
    """The answers of a cell's artifact on the records, and the reference that they are compared with."""

    outputs: NDArray[np.float32]
    """float32, shape (records, outputs)."""
    artifact: Artifact
    reference: Reference | None

    def scoring(self, scoring: Scoring) -> Scoring:
        """What its outputs are scored against."""
        return scoring.against(self.reference.outputs if self.reference else None)


def score(scoring: Scoring, outputs: NDArray[np.float32], reference: Reference | None, artifact: Artifact) -> Scores:
    """Score outputs (records, outputs) with the model's own state, and compare with the reference on the same records.

    Raises DataError where a metric's value is not a number.
    """
    answer = Answer(outputs, artifact, reference)
    scoring = answer.scoring(scoring)
    return _scores(scoring, answer, scoring.scored(outputs, artifact.thresholds))


def _scores(scoring: Scoring, answer: Answer, this: Scored) -> Scores:
    task, state, other = scoring.task, answer.artifact.thresholds, answer.reference
    tables = task.by_class(scoring.targets, answer.outputs, state)
    scores = Scores(
        len(answer.outputs),
        scoring.compared(this, other.scored if other else None),
        {name: dict(zip(answer.artifact.classes, map(float, row), strict=True)) for name, row in tables.items()},
        undefined=scoring.undefined(this),
    )
    if other is None:
        return scores
    return replace(
        scores,
        agreement=task.agree(answer.outputs, other.outputs, state, other.state),
        max_abs_error=float(np.abs(answer.outputs - other.outputs).max()),
    )


def score_cells(
    scoring: Scoring,
    answers: Mapping[Cell, Answer],
    wanted: Container[Cell] | None = None,
    unscored: dict[str, str] | None = None,
) -> dict[str, Scores]:
    """The scores of each wanted cell by its id, compared with the fp32 model and with its counterpart.

    Without `wanted`, those of all cells. Cells that are not wanted serve only as counterparts of others. `unscored`
    gets the reason of each cell that has no scores since a metric's value is not a number; without it, that raises
    DataError.
    """

    @functools.cache
    def scored(cell: Cell) -> Scored:
        return answers[cell].scoring(scoring).scored(answers[cell].outputs, answers[cell].artifact.thresholds)

    found = {}
    for cell, answer in answers.items():
        if wanted is not None and cell not in wanted:
            continue
        try:
            scores = _scores(scoring, answer, scored(cell))
        except DataError as error:
            if unscored is None:
                raise
            unscored[cell.id] = str(error)
            continue
        other = counterpart(cell, answers)
        if other is not None:
            with contextlib.suppress(DataError):  # that cell says it
                scores = replace(scores, counterpart=_counterpart(other.name, scoring, scored(cell), scored(other)))
        found[cell.id] = scores
    return found


def _counterpart(name: str, scoring: Scoring, this: Scored, other: Scored) -> Counterpart | None:
    """The difference of the primary metric to another artifact's on the same records; None where it is unknown."""
    one = scoring.compared(this, other)[0]
    if one.delta is None or one.delta_low is None or one.delta_high is None:
        return None
    return Counterpart(name, one.delta, one.delta_low, one.delta_high)


def counterpart(cell: Cell, cells: Iterable[Cell]) -> Cell | None:
    """The int8 cell without the exporter's options and without quantization-aware training, otherwise the same.

    It shows what these gain. Where there is none, it is the first one with other options: two calibrations are then
    compared with each other. None where the cell has neither options nor training, and for that first one.
    """
    exporter, words = split(cell.exporter)
    plain = replace(cell, exporter=exporter, variant=untrained(cell.variant))
    there = list(cells)
    if plain == cell or plain in there:
        return None if plain == cell else plain
    alike = [c for c in there if split(c.exporter)[0] == exporter and replace(c, exporter=cell.exporter) == cell]
    return alike[0] if words and alike[0] != cell else None
