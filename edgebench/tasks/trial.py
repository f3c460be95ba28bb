"""Tries the user's own task or metric on made-up outputs, before anything is built, measured or trained with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgebench.core import registry
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError, EdgeBenchError
from edgebench.core.scratch import scratch_folder
from edgebench.core.tasks import chosen_in
from edgebench.isolation.process import ChildError, ask

CHILD = "edgebench.tasks.trial_child"
TIMEOUT_S = 300.0
"""Importing the user's file and three calls of the metric on every record."""


def require_scores(*sets: RecordSet) -> None:
    """Raise DataError where a task or metric from the user's file gives no score on the records of a set.

    It is tried in a child process, which may hang or crash. A file that is not there is not tried: a device measures
    without it.
    """
    chosen = chosen_in(sets[0].task)
    if ".py:" not in chosen:
        return
    try:
        registry.task(sets[0].task)
    except EdgeBenchError:
        return
    with scratch_folder() as folder:
        parts = [_part(records, folder / f"{number}.npy") for number, records in enumerate(sets) if records.classes]
        try:
            answers = list(ask(CHILD, {"task": sets[0].task, "unit": sets[0].unit, "sets": parts}, TIMEOUT_S))
        except ChildError as failure:
            raise DataError(f"{chosen}: tried on made-up outputs: {failure}") from None
    if answers:
        raise DataError(answers[0]["error"])


def _part(records: RecordSet, path: Path) -> dict[str, object]:
    if records.targets is not None:
        np.save(path, records.targets, allow_pickle=False)
    return {
        "label": f"{len(records)} {records.split} records", "records": len(records), "outputs": len(records.classes),
        "targets": "" if records.targets is None else str(path),
    }  # fmt: skip
