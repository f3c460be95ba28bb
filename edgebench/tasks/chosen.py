"""The task that the user chose instead of the records' own."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.core import registry, user_code
from edgebench.core.errors import DataError, EdgeBenchError
from edgebench.core.files import sha256
from edgebench.core.tasks import OVER, Task, base_of, chosen_in
from edgebench.tasks.own import OwnTask, WithMetrics
from edgebench.tasks.scoring import compares

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.datasets import RecordSet


WITHOUT_LABELS = "comparison"
"""The task of records without labels."""


def with_task(records: RecordSet, chosen: str) -> RecordSet:
    """The records for the task of that name or `path/to/file.py:NAME`; unchanged for an empty name and with labels.

    Without either, the network's outputs are compared with a reference's.

    Raises UnknownPlugin, and DataError where the task cannot be loaded or the records' targets do not fit it.
    """
    if not chosen and records.targets is None:
        chosen = WITHOUT_LABELS
    if chosen in ("", records.task):
        return records
    user_code.trust_named(chosen)
    found = replace(records, task=f"{base_of(records.task)}{OVER}{chosen}")
    task = registry.task(found.task)
    task.metrics(len(found.classes), found.unit)
    if found.targets is None and found.split == "test" and not compares(task):
        raise DataError(f"--task {chosen}: {records.label} has no labels; compare its outputs: --task {WITHOUT_LABELS}")
    if found.targets is not None:
        try:
            task.check(found.targets, len(found.classes))
        except DataError as error:
            raise DataError(f"--task {chosen}: {records.label} does not fit it: {error}") from None
    return found


def for_networks(records: RecordSet, tasks: Set[str]) -> RecordSet:
    """Records without labels, as those of the one task of all networks: it says when two answers are the same."""
    bases = {base_of(name) for name in tasks}
    if not chosen_in(records.task) or base_of(records.task) or records.targets is not None or len(bases) != 1:
        return records
    return replace(records, task=f"{bases.pop()}{OVER}{chosen_in(records.task)}")


def identity(chosen: str) -> str:
    """The content of a task's Python file, as a hash; empty for a task of a package."""
    return sha256(Path(chosen.rpartition(":")[0])) if ".py:" in chosen else ""


def recorded(name: str) -> str:
    """A task's name as a model's manifest has it: a metric of the user's changes nothing in a model, a task does."""
    task = registry.task(name)
    if isinstance(task, WithMetrics):
        return base_of(name)
    if not isinstance(task, OwnTask):
        return name
    file, _, last = chosen_in(name).rpartition(":")
    return f"{base_of(name)}{OVER}{Path(file).resolve()}:{last}"


def mismatch(artifact: Artifact, records: RecordSet) -> str:
    """Why an artifact cannot be scored with the records' task; empty where it can."""
    made, wanted = artifact.task, records.task
    if made == wanted:
        return ""
    reason = f"was made for the task {made}; {records.label} is for {wanted}"
    if not chosen_in(wanted):
        return reason + (f": --task {chosen_in(made)}" if base_of(made) == wanted else "")
    try:
        task, recorded_as = registry.task(wanted), recorded(wanted)
    except EdgeBenchError:
        return ""  # a device that does not have it measures nevertheless
    if isinstance(task, WithMetrics):
        return "" if recorded_as == made else reason
    if recorded_as != made and _needs_more(task, artifact, records):
        return f"{reason}, which chooses something on the validation records: train the network with --task"
    return ""


def _needs_more(task: Task, artifact: Artifact, records: RecordSet) -> bool:
    """Whether the task fits something on the validation records that the artifact does not have."""
    if isinstance(task, OwnTask):
        return task.fits()
    if records.targets is None:
        return False
    fitted = task.fit(records.targets, np.zeros((len(records), len(records.classes)), np.float32))
    return bool(fitted) and len(fitted) != len(artifact.thresholds)
