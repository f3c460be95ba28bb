from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.core.errors import DataError
from edgebench.data.own_arrays.array_files import Source
from edgebench.data.own_arrays.by_split import Part, parts, rows_of


def found(**shapes: int | tuple[int, ...]) -> dict[str, Source]:
    return {
        key: Source(key, Path("a.npz"), key, np.dtype("f4"), (n,) if isinstance(n, int) else n)
        for key, n in shapes.items()
    }


def names(part: Part) -> tuple[str, str | None, str]:
    return part.inputs[0].key, part.targets.key if part.targets else None, part.share


def test_arrays_without_splits() -> None:
    for keys in ({"x": 9, "y": 9}, {"X": 9, "Y": 9}, {"cats_x": 9, "cats_y": 9}):
        result = parts(found(**keys), ("x",), "y", named=True)
        first, second = keys
        assert {k: names(p) for k, p in result.items()} == {
            s: (first, second, s) for s in ("train", "validation", "test")
        }
    assert parts(found(x=9), ("x",), "y", named=False)["test"].targets is None


def test_arrays_of_splits() -> None:
    three = parts(
        found(x_train=5, y_train=5, x_val=2, y_val=2, x_test=3, y_test=3, ids_test=3), ("x",), "y", named=False
    )
    assert {k: names(p) for k, p in three.items()} == {
        "train": ("x_train", "y_train", "all"), "validation": ("x_val", "y_val", "all"),
        "test": ("x_test", "y_test", "all"),
    }  # fmt: skip
    assert three["test"].ids is not None and three["train"].ids is None
    two = parts(found(train_x=5, train_y=5, test_x=3, test_y=3), ("x",), "y", named=False)
    assert names(two["train"]) == ("train_x", "train_y", "train of two")
    assert names(two["validation"]) == ("train_x", "train_y", "validation of two")
    plain = parts(found(x=5, y=5, x_test=3, y_test=3), ("x",), "y", named=False)
    assert names(plain["train"]) == ("x", "y", "train of two") and names(plain["test"]) == ("x_test", "y_test", "all")
    assert set(parts(found(x_test=3), ("x",), "y", named=False)) == {"test"}


def test_several_inputs() -> None:
    part = parts(found(ecg_test=3, age_test=3, y_test=3), ("ecg", "age"), "y", named=True)["test"]
    assert [source.key for source in part.inputs] == ["ecg_test", "age_test"]


@pytest.mark.parametrize(
    ("keys", "inputs", "target", "named", "said"),
    [
        ({"a": 3}, ("x",), "y", False, "no array 'x'; there is a: .*inputs=a"),
        ({"x": 3}, ("x",), "label", True, "no array 'label' with the targets"),
        ({"x_test": 3, "x_train": 3, "y_train": 3}, ("x",), "y", False, "no array 'y' with the targets of test"),
        ({"x": 3, "y": 4}, ("x",), "y", False, r"y: shape \(4,\)"),
        ({"x": 3, "y": ()}, ("x",), "y", False, r"y: shape \(\)"),
        ({"x": 3, "y": 3, "ids": 2}, ("x",), "y", False, "ids: shape"),
        ({"x": 3}, ("x", "age"), "y", False, "no array 'age'"),
        ({"a_x": 3, "b_x": 3}, ("x",), "y", False, "no array 'x'"),
    ],
)
def test_arrays_that_do_not_belong_together(
    keys: dict[str, int], inputs: tuple[str, ...], target: str, named: bool, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        parts(found(**keys), inputs, target, named)


def test_shares_hold_each_row_once() -> None:
    labels = np.arange(200) % 4
    for shares in (("train", "validation", "test"), ("train of two", "validation of two")):
        rows = [rows_of(share, 200, labels) for share in shares]
        assert sorted(np.concatenate(rows)) == list(range(200))
        for part in rows[1:]:
            assert len(part) == 20 and np.bincount(labels[part]).tolist() == [5, 5, 5, 5]
    assert rows_of("all", 5, None).tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(rows_of("test", 50, None), rows_of("test", 50, None)) and len(rows_of("test", 50, None)) == 5
