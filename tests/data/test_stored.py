"""Stored numbers as the values that networks take: rounded once, in rows or as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.core.inputs import InputSpec, Storage, StoredInput, StoredType
from edgebench.data.signals import MICROVOLTS
from edgebench.data.stored import Values, values


def test_every_microvolt_is_the_nearest_float_to_its_millivolts() -> None:
    every = np.arange(-(2**15), 2**15).astype(np.int16)
    assert np.array_equal(values(every, MICROVOLTS), (every.astype(np.float64) / 1000).astype(np.float32))


def test_every_pixel_is_from_0_to_1() -> None:
    every = np.arange(256).astype(np.uint8)
    found = values(every, Storage("uint8", 255.0))
    assert np.array_equal(found, (every.astype(np.float64) / 255).astype(np.float32)) and found[255] == 1


def test_floats_stay_as_they_are() -> None:
    given = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    found = values(given.T, Storage())
    assert np.array_equal(found, given.T) and found.flags["C_CONTIGUOUS"] and found.flags["WRITEABLE"]


@pytest.mark.parametrize(("kind", "per_unit"), [("int16", 1000.0), ("uint8", 255.0), ("float32", 1.0)])
def test_rows_of_a_file(tmp_path: Path, kind: StoredType, per_unit: float) -> None:
    array = np.random.default_rng(0).integers(0, 200, (5, 2, 3)).astype(kind)
    np.save(tmp_path / "x.npy", array)
    spec, storage = InputSpec((2, 3), ("channel", "row")), Storage(kind, per_unit)
    found = Values(StoredInput("input", spec, storage, tmp_path / "x.npy"))
    assert len(found) == 5
    for rows in (slice(1, 3), np.array([4, 0, 0]), slice(None)):
        assert found[rows].dtype == np.float32 and np.array_equal(found[rows], values(array[rows], storage))
    assert np.array_equal(found.exact(slice(2, 9)), array[2:].astype(np.float64) / per_unit)
