from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgebench.core.errors import DataError
from edgebench.data.own_arrays.target_kinds import names_of, targets_of


@pytest.mark.parametrize(
    ("found", "said", "task", "shape", "dtype"),
    [
        ([0, 2, 1], "auto", "classification", (3,), "int64"),
        ([[0], [2]], "auto", "classification", (2,), "int64"),
        ([True, False], "auto", "classification", (2,), "int64"),
        ([0.0, 2.0], "classification", "classification", (2,), "int64"),
        ([[0, 1], [1, 1]], "auto", "multilabel", (2, 2), "uint8"),
        ([[0.0, 1.0]], "multilabel", "multilabel", (1, 2), "uint8"),
        ([0.5, 1.0], "auto", "regression", (2, 1), "float64"),
        ([[0.5, 1.0]], "auto", "regression", (1, 2), "float64"),
        ([3, 900], "regression", "regression", (2, 1), "float64"),
        ([[3, 900]], "regression", "regression", (1, 2), "float64"),
        ([[1], [0]], "multilabel", "multilabel", (2, 1), "uint8"),
    ],
)
def test_kinds(found: Any, said: str, task: str, shape: tuple[int, ...], dtype: str) -> None:
    targets = targets_of("y", np.array(found), said)
    assert (targets.task, targets.values.shape, str(targets.values.dtype)) == (task, shape, dtype)
    assert np.array_equal(targets.values.ravel(), np.array(found).ravel()) and not targets.bad.any()


def test_how_many_outputs() -> None:
    assert targets_of("y", np.array([0, 4])).outputs == 5
    assert targets_of("y", np.zeros((2, 7), int)).outputs == 7
    assert names_of("y", "classification", 3, ()) == ("0", "1", "2") and names_of("y", "regression", 1, ()) == ("y",)
    assert names_of("y", "classification", 2, ("a", "b", "c")) == ("a", "b", "c"), "not every class is in the data"
    for task, outputs, names, said in (
        ("classification", 4, ("a", "b", "c"), "label 3 is outside of the 3 classes"),
        ("regression", 2, ("a",), "2 columns"), ("multilabel", 2, ("a", "b", "c"), "2 columns"),
        ("classification", 2, ("a", "a"), "one name"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            names_of("y", task, outputs, names)


@pytest.mark.parametrize("said", ["auto", "regression", "classification"])
def test_targets_that_are_not_finite_are_bad_rows(said: str) -> None:
    assert targets_of("y", np.array([1.0, np.nan, np.inf]), said).bad.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("found", "said", "words"),
    [
        ([0, -1], "auto", "row 1: label -1 is outside"), ([0, 10**7], "auto", "outside of the classes"),
        ([0.5, 1], "classification", "row 0: label 0.5"), ([[0, 2], [1, 1]], "auto", "say what they are"),
        ([[0, 2]], "multilabel", "something else than 0 and 1"), (["a"], "auto", "targets of type"),
        (3, "auto", "targets of type"),
        (np.zeros((2, 2, 2)), "auto", "targets of type"), ([[1, 0]], "classification", "not for classification"),
        ([1, 0], "multilabel", "not for multilabel"),
    ],
)  # fmt: skip
def test_targets_that_fit_no_task(found: Any, said: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        targets_of("y", np.array(found), said)
