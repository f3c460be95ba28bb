"""The references and the scores of a run's cells."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import arrays, class_order
from edgebench.core.cells import Cell
from edgebench.core.contracts import Artifact
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError, EdgeBenchError
from edgebench.core.results import Scores
from edgebench.core.tasks import chosen_in
from edgebench.measuring.accuracy import Answer, Reference, score_cells
from edgebench.pipeline.planned import Planned
from edgebench.tasks.scoring import Scoring, compares, scoring

UNTRAINED = "untrained: its weights are random"
"""Why such a cell has no scores."""
FileOf = Callable[[Planned], Path]
"""The file of a cell's predictions."""


@dataclass
class Scorer:
    """Scores the cells' predictions on the test records."""

    test: RecordSet
    file: Path | None = None
    """Outputs of the reference that a comparison without labels is with, instead of the fp32 networks'."""
    references: dict[tuple[str, str], Reference] = field(default_factory=dict)
    """The fp32 networks' answers, by model and SHA-256 of its weights."""
    scores: dict[str, Scores] = field(default_factory=dict)
    unscored: dict[str, str] = field(default_factory=dict)
    """Why a cell that is measured has no scores, by its id."""

    @functools.cached_property
    def scoring(self) -> Scoring:
        """How outputs are scored; raises EdgeBenchError where the task is not on this machine."""
        return scoring(self.test)

    def read_references(self, predicted: Sequence[Planned], file_of: FileOf) -> None:
        """Read the answers of the fp32 networks that were predicted here, and those that came in a bundle."""
        if self._no_task():
            return
        for planned in predicted:
            reference = Reference(self.scoring, self.answers(planned, file_of), self._sorted(planned).thresholds)
            self.references[planned.cell.model, planned.artifact.model_sha256] = reference
        for known in self.test.references:  # of the machine that packed them; this machine's own take precedence
            reference = Reference(self.scoring, np.load(known.logits)[: len(self.test)], known.thresholds)
            self.references.setdefault((known.model, known.model_sha256), reference)

    def compare(self, cells: Sequence[Planned], file_of: FileOf) -> str:
        """Choose what a comparison without labels is with; returns the choice in words, empty for other tasks.

        Each cell of `cells`, which are predicted, without an fp32 network of its own is compared with the first one.
        """
        if not cells or self._no_task():
            return ""
        if not compares(self.scoring.task):
            if self.file:
                raise DataError(f"{self.file}: a reference is for outputs without labels: --task comparison")
            return ""
        first = cells[0]
        keys = {(p.cell.model, p.artifact.model_sha256) for p in cells}
        if self.file:
            outputs, name = _outputs(self.file, len(self.test), len(first.artifact.classes)), str(self.file)
            self.references = dict.fromkeys(keys, Reference(self.scoring, outputs, first.artifact.thresholds))
        elif left := keys - self.references.keys():
            known = Reference(self.scoring, self.answers(first, file_of), self._sorted(first).thresholds)
            self.references |= dict.fromkeys(left, known)
            name = f"{first.cell.model} {first.cell.name}, the first artifact"
        else:
            name = "the fp32 network of each model"
        return f"there are no labels: outputs are compared with {name}, whose own values are exact by definition"

    def answers(self, planned: Planned, file_of: FileOf) -> NDArray[np.float32]:
        """The answers of a cell's artifact, sorted as the records' classes."""
        found: Any = np.load(file_of(planned))
        return class_order.answers_for(found, planned.artifact.classes, self.test.classes)

    def score(self, cells: Mapping[Cell, Planned], ended: Sequence[Planned], file_of: FileOf, first: bool) -> None:
        """Score the answers of cells; those that have `ended` are only what others are compared with.

        Where the `first` answers cannot be scored, raises DataError: nothing was measured yet.
        """
        if cells and (reason := self._no_task()):
            self.unscored |= {cell.id: reason for cell in cells}
        elif cells:
            if first and self.references:
                _ = next(iter(self.references.values())).scored
            every = {
                **{p.cell: self._answer(p, file_of) for p in ended},
                **{c: self._answer(p, file_of) for c, p in cells.items()},
            }
            unscored: dict[str, str] = {}
            found = score_cells(self.scoring, every, cells, unscored)
            if first and not found:
                raise DataError(next(iter(unscored.values())))
            self.scores |= found
            self.unscored |= unscored

    def _answer(self, planned: Planned, file_of: FileOf) -> Answer:
        reference = self.references.get((planned.cell.model, planned.artifact.model_sha256))
        return Answer(self.answers(planned, file_of), self._sorted(planned), reference)

    def _sorted(self, planned: Planned) -> Artifact:
        return class_order.scored_as(planned.artifact, self.test.classes)

    def _no_task(self) -> str:
        """Why the task is not there: a bundle's may be a Python file of the machine that packed it."""
        try:
            _ = self.scoring
        except EdgeBenchError as error:
            name = chosen_in(self.test.task) or self.test.task
            return f"the task {name} is not on this machine ({error}); with its file: --task {name}"
        return ""


def _outputs(path: Path, records: int, outputs: int) -> NDArray[np.float32]:
    """The outputs of a reference from its file; raises DataError."""
    try:
        found = np.asarray(arrays.load(path, "f", (records, outputs)), np.float32)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not the outputs of {records} records, {outputs} each: {error}") from None
    if not np.isfinite(found).all():
        raise DataError(f"{path}: holds a value that is not finite")
    return found
