"""Writes chosen rows of a user's array as a stored input."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.core.inputs import InputSpec, Storage, StoredInput, StoredType
from edgebench.core.problems import shown
from edgebench.data.record_cache import new_file

CHUNK_BYTES = 32 * 2**20
SMALL: dict[str, StoredType] = {"bool": "uint8", "uint8": "uint8", "int8": "int16", "int16": "int16"}
"""Types of whole numbers that are stored as such; all others become float32."""


def store(
    name: str, label: str, array: NDArray[Any], rows: NDArray[np.int64], axes: tuple[str, ...], per_unit: float,
    unit: str, folder: Path,
) -> tuple[StoredInput, list[str]]:  # fmt: skip
    """Write rows of an array (records, …) into `folder`; returns the input and one text a row, empty where it is good.

    A row is bad where it holds a number that is not finite, or none that float32 has: a whole number beyond 2²⁴ is.
    `axes` are empty for names of no meaning. Raises DataError.
    """
    if array.dtype.kind not in "biuf":
        raise DataError(f"{label}: holds text, not numbers")
    dtype: StoredType = SMALL.get(array.dtype.name, "float32")
    if per_unit != 1 and dtype == "float32":
        raise DataError(f"{label}: per_unit is for stored whole numbers of 8 or 16 bits, not for {array.dtype}")
    shape = array.shape[1:] or (1,)
    if not all(shape):
        raise DataError(f"{label}: records of shape {shape} are empty")
    names = axes or (("feature",) if len(shape) == 1 else tuple(f"dimension {i}" for i in range(1, len(shape) + 1)))
    if len(names) != len(shape):
        raise DataError(f"{label}: records of shape {shape}, but {len(names)} names of axes: {', '.join(names)[:60]}")
    path = folder / f"{name}.npy"
    written = new_file(path, dtype, (len(rows), *shape))
    problems = [""] * len(rows)
    step = max(1, CHUNK_BYTES // (8 * math.prod(shape)))
    for start in range(0, len(rows), step):
        part = np.asarray(array[rows[start : start + step]]).reshape(-1, *shape)
        with np.errstate(over="ignore", invalid="ignore"):
            stored = part.astype(dtype)
        written[start : start + step] = stored
        for row in np.flatnonzero(_bad(part, stored)):
            problems[start + row] = f"{label}: record {rows[start + row]} has a value that is not finite as float32"
            if part.dtype.kind in "iu":
                problems[start + row] = f"{label}: record {rows[start + row]} has a whole number that float32 has not"
    return StoredInput(name, InputSpec(shape, names, unit), Storage(dtype, per_unit), path), problems


def _bad(part: NDArray[Any], stored: NDArray[Any]) -> NDArray[np.bool_]:
    if stored.dtype != np.float32:
        return np.zeros(len(part), np.bool_)
    good = np.isfinite(stored)
    if part.dtype.kind in "iu":
        # As float64 both sides are exact up to 2⁵³; beyond, float32 is far off anyway.
        good &= np.abs(part.astype(np.float64)) <= 2**24
    result: NDArray[np.bool_] = ~good.reshape(len(part), -1).all(axis=1)
    return result


def file_name(key: str) -> str:
    """A key of the user's as the name of an input, and of its file; raises DataError."""
    if not key or not all(c.isalnum() or c in "_-." for c in key) or key[0] in ".-" or len(key) > 60:
        raise DataError(f"input {shown(key)}: a name has letters, digits, '_', '-' and '.'")
    if key in ("ids", "targets"):
        raise DataError(f"input '{key}': that name is taken")
    return key
