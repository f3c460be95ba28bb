"""The further inputs of an imported file: the same values for all records, as many rows as a batch has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.io_adapter import Constant


class Constants:
    """Arrays of the further inputs by name; those of the last size of a batch are kept."""

    def __init__(
        self, constants: Sequence[Constant], convert: Callable[[NDArray[Any]], Any] = lambda array: array
    ) -> None:
        self._parts = [(c, np.array(c.values, np.float64).astype(c.dtype).reshape(c.shape)) for c in constants]
        self._convert = convert
        self._size, self._made = -1, dict[str, Any]()

    def of(self, records: int) -> dict[str, Any]:
        """The inputs for a batch of so many records."""
        if records != self._size and self._parts:
            self._made = {
                c.name: self._convert(np.repeat(array[None], records, 0) if c.batched else array)
                for c, array in self._parts
            }
            self._size = records
        return self._made
