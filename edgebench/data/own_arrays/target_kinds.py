"""What kind of task an array of targets is for, and the targets as that task takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError

TASKS = ("auto", "classification", "multilabel", "regression")
CLASSES = 100_000
"""A label beyond this is no class, but a quantity or a slip."""


@dataclass(frozen=True)
class Targets:
    """Targets of all rows of an array."""

    task: str
    values: NDArray[Any]
    outputs: int
    """How many classes or quantities there are at least."""
    bad: NDArray[np.bool_]
    """Rows whose target is not a finite number."""


def targets_of(label: str, found: NDArray[Any], task: str = "auto") -> Targets:
    """Decide the kind: whole numbers are classes, a matrix of 0 and 1 is multi-label, other numbers are a regression.

    `found` has shape (records,) or (records, outputs); `task` may say it. Raises DataError.
    """
    if found.ndim > 2 or not found.ndim or found.dtype.kind not in "biuf":
        raise DataError(f"{label}: targets of type {found.dtype}, shape {found.shape}: give a number or a row a record")
    column = task == "classification" or (task == "auto" and found.dtype.kind != "f")
    if found.ndim == 2 and found.shape[1] == 1 and column:
        found = found[:, 0]
    if task == "auto":
        task = _kind(label, found)
    if task == "regression":
        values = np.asarray(found, np.float64).reshape(len(found), -1)
        return Targets(task, values, values.shape[1], np.asarray(~np.isfinite(values).all(axis=1)))
    if found.ndim != (1 if task == "classification" else 2):
        raise DataError(f"{label}: targets of shape {found.shape} are not for {task}")
    bad: NDArray[np.bool_] = ~np.isfinite(found).reshape(len(found), -1).all(axis=1)
    known = np.where(np.isfinite(found), found, 0)
    if task == "multilabel":
        if not np.isin(known, (0, 1)).all():
            raise DataError(f"{label}: multi-label targets hold something else than 0 and 1")
        return Targets(task, known.astype(np.uint8), known.shape[1], bad)
    wrong = np.flatnonzero((known != np.rint(known)) | (known < 0) | (known >= CLASSES))
    if len(wrong):
        value = known[wrong[0]]
        raise DataError(f"{label}: row {wrong[0]}: label {value} is outside of the classes, which count from 0")
    numbers = known.astype(np.int64)
    return Targets(task, numbers, int(numbers.max(initial=-1)) + 1, bad)


def _kind(label: str, found: NDArray[Any]) -> str:
    if found.dtype.kind == "f":
        return "regression"
    if found.ndim == 1:
        return "classification"
    if np.isin(found, (0, 1)).all():
        return "multilabel"
    raise DataError(f"{label}: rows of whole numbers; say what they are: task=regression or task=multilabel")


def names_of(label: str, task: str, outputs: int, given: tuple[str, ...]) -> tuple[str, ...]:
    """The name of each output: the given ones, else numbers; raises DataError where there are fewer than outputs."""
    if not given:
        return tuple(str(i) for i in range(outputs)) if task != "regression" or outputs > 1 else ("y",)
    if len(given) < outputs or (task != "classification" and len(given) != outputs):
        what = f"label {outputs - 1} is outside of" if task == "classification" else f"{outputs} columns for"
        raise DataError(f"{label}: {what} the {len(given)} classes {', '.join(given)[:60]}")
    if len(set(given)) != len(given):
        raise DataError(f"{label}: two of the classes have one name: {', '.join(given)[:80]}")
    return given
