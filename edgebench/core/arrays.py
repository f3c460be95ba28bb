"""Arrays in .npy files that may be damaged, or another machine's: never unpickled, never larger than their file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def load(path: Path, kind: str, shape: Sequence[int | None]) -> NDArray[np.generic]:
    """The array of a file, whose type is of this kind (`f`, `i`, `u`) and whose shape is this; None is any length.

    Raises OSError where the file cannot be read, and ValueError where it holds no such array, whole. The header alone
    decides that, before any memory is taken.
    """
    with path.open("rb") as stream:
        size = path.stat().st_size
        try:
            version = np.lib.format.read_magic(stream)
            header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            found, fortran, dtype = header(stream)
        except OSError:
            raise
        except Exception:  # NumPy parses a literal of Python here, which fails in many ways
            raise ValueError("not an array of NumPy") from None
        fits = len(found) == len(shape) and all(n in (None, have) for n, have in zip(shape, found, strict=True))
        if dtype.kind != kind or dtype.hasobject or fortran or not fits:
            raise ValueError(f"an array of {dtype} and shape {found}")
        if size != stream.tell() + dtype.itemsize * math.prod(found):
            raise ValueError("cut off, or longer than its header says")
        return np.fromfile(stream, dtype).reshape(found)
