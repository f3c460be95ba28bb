"""Records on disk as the float32 values that networks and artifacts take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.inputs import Storage, StoredInput


def values(stored: NDArray[Any], storage: Storage) -> NDArray[np.float32]:
    """The values of stored numbers of any shape: stored / per_unit, correctly rounded to float32 and contiguous."""
    found: NDArray[np.float32] = np.array(stored, np.float32, order="C")
    if storage.per_unit != 1:
        found /= np.float32(storage.per_unit)
    return found


class Values:
    """The values of one input of all records; they are read from its file, memory-mapped, as they are asked for."""

    def __init__(self, stored: StoredInput) -> None:
        self._mapped: NDArray[Any] = np.load(stored.path, mmap_mode="r", allow_pickle=False)
        self._storage = stored.storage

    def __len__(self) -> int:
        return len(self._mapped)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """Float32, shape (rows, *shape of a record)."""
        return values(self._mapped[rows], self._storage)

    def exact(self, rows: slice) -> NDArray[np.float64]:
        """The same in float64, for statistics."""
        return self._mapped[rows].astype(np.float64) / self._storage.per_unit


class Batches:
    """The values of several inputs of all records; a batch has an array of each."""

    def __init__(self, *inputs: StoredInput) -> None:
        self._inputs = [Values(one) for one in inputs]

    def __len__(self) -> int:
        return len(self._inputs[0])

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> tuple[NDArray[np.float32], ...]:
        return tuple(one[rows] for one in self._inputs)
