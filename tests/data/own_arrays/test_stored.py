from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core.errors import DataError
from edgebench.data.own_arrays import stored
from edgebench.data.own_arrays.stored import file_name, store


def write(folder: Path, array: Any, **options: Any) -> tuple[Any, list[str]]:
    fields = {"axes": (), "per_unit": 1.0, "unit": "", **options}
    array = np.asarray(array)
    one, problems = store("x", "x", array, np.arange(len(array)), folder=folder, **fields)
    return one, problems


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("bool", "uint8"), ("uint8", "uint8"), ("int8", "int16"), ("int16", "int16"), ("uint16", "float32"),
     ("int64", "float32"), ("float16", "float32"), ("float64", "float32")],
)  # fmt: skip
def test_types(dtype: str, kept: str, tmp_path: Path) -> None:
    array = np.array([[0, 1], [1, 0]], dtype)
    one, problems = write(tmp_path, array)
    assert one.storage.dtype == kept == str(np.load(one.path).dtype) and problems == ["", ""]
    assert np.array_equal(np.load(one.path), array) and one.spec.axes == ("feature",)


def test_rows_axes_and_scale(tmp_path: Path) -> None:
    array = np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4)
    one, _ = store("x", "x", array, np.array([1]), ("channel", "row", "column"), 255.0, "mV", tmp_path)
    assert np.array_equal(np.load(one.path), array[1:]) and one.storage.per_unit == 255 and one.spec.unit == "mV"
    assert one.spec.axes == ("channel", "row", "column")
    assert write(tmp_path, np.arange(4.0))[0].spec.shape == (1,)
    for wrong, said in (({"axes": ("a",)}, "1 names of axes"), ({"per_unit": 5.0}, "per_unit is for")):
        with pytest.raises(DataError, match=said):
            write(tmp_path, np.zeros((2, 3, 4)), **wrong)
    for unusable in (np.array(["a"]), np.zeros((2, 0))):
        with pytest.raises(DataError, match=r"text|empty"):
            write(tmp_path, unusable)


def test_values_that_float32_has_not_are_bad_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "CHUNK_BYTES", 16)  # a row at a time
    for bad in (np.nan, np.inf, 1e300, -1e39):
        assert [bool(p) for p in write(tmp_path, np.array([[1.0, 2], [3, bad], [4, 5]]))[1]] == [False, True, False]
    for number in (2**24 + 1, -(2**24) - 1, 2**62):
        assert [bool(p) for p in write(tmp_path, np.array([[2**24], [number]]))[1]] == [False, True]
    assert not any(write(tmp_path, np.array([[1e-300, 0.1]]))[1]), "rounding is no fault"


@pytest.mark.parametrize("name", ["", "../x", ".x", "-x", "a/b", "a b", "x" * 61, "ids", "targets", "a\0"])
def test_names_that_cannot_be_files(name: str) -> None:
    with pytest.raises(DataError):
        file_name(name)
