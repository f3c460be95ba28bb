"""A child process that scores made-up outputs with the user's task, and answers with the error in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.errors import DataError
from edgebench.isolation.child import answer_with
from edgebench.tasks.resampling import Resamples
from edgebench.tasks.scoring import Scoring, compares

WRONG = (0.2, 0.5, 0.0)
"""How far made-up outputs are from the targets, towards those of another record; a metric need not take each."""


def handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Score each set of records; answers nothing where all is well."""
    try:
        for asked in request["sets"]:
            _score(request["task"], request["unit"], asked)
    except DataError as error:
        yield {"error": str(error)}


def _score(name: str, unit: str, asked: Mapping[str, Any]) -> None:
    """Raise DataError where no made-up outputs have a score."""
    task, outputs = registry.task(name), int(asked["outputs"])
    random = np.random.default_rng(0)
    if compares(task) or not asked["targets"]:
        targets: NDArray[Any] = random.standard_normal((asked["records"], outputs), np.float32)
        rows = targets
    else:
        targets = np.load(asked["targets"], allow_pickle=False)
        rows = task.rows(targets, outputs)
    scoring = Scoring(task, targets, outputs, unit)
    faults = []
    for share in WRONG:
        mixed = (1 - share) * rows + share * rows[random.permutation(len(rows))]  # within the targets' range
        answers = np.asarray(mixed if task.activation == "none" else 6 * mixed - 3, np.float32)
        try:
            state = task.fit(targets, answers)
            scoring.values(answers, state)
            task.score(targets, answers, state, next(iter(Resamples(len(answers), 2))))
            return
        except DataError as error:
            faults.append(error)
    raise DataError(f"{faults[0]}; tried on made-up outputs for the {asked['label']}")


if __name__ == "__main__":
    answer_with(handle)
