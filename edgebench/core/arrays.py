"""Arrays in .npy files that may be damaged, or another machine's: never unpickled, never larger than their file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edgebench.core.errors import DataError


@dataclass(frozen=True)
class Header:
    """What a file says of its array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    """Whether the first axis runs fastest."""


def read_header(stream: IO[bytes], size: int) -> Header:
    """The header of a stream of `size` bytes in all, which stands then before the numbers.

    Raises ValueError where it is none of an array of numbers or texts that fills the stream; OSError.
    """
    try:
        version = np.lib.format.read_magic(stream)
        reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = reader(stream)
    except OSError:
        raise
    except Exception:  # NumPy parses a literal of Python here, which fails in many ways
        raise ValueError("not an array of NumPy") from None
    if dtype.hasobject or dtype.kind not in "biufcSU":
        raise ValueError(f"holds {dtype.name[:40]}, not numbers; save it as an array of numbers")
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("damaged header")
    wanted = stream.tell() + math.prod(shape) * dtype.itemsize
    if wanted != size:
        raise ValueError(f"{size} bytes where its header of shape {str(shape)[:40]} needs {wanted}: cut off?")
    return Header(dtype, tuple(shape), bool(fortran))


def load(path: Path, kind: str, shape: Sequence[int | None]) -> NDArray[np.generic]:
    """The array of a file, whose type is of this kind (`f`, `i`, `u`) and whose shape is this; None is any length.

    Raises OSError where the file cannot be read, and ValueError where it holds no such array, whole. The header alone
    decides that, before any memory is taken.
    """
    with path.open("rb") as stream:
        found = read_header(stream, path.stat().st_size)
        if found.dtype.kind != kind or found.fortran or not _fits(shape, found.shape):
            raise ValueError(f"an array of {found.dtype} and shape {found.shape}")
        return np.fromfile(stream, found.dtype).reshape(found.shape)


def mapped(path: Path, kind: DTypeLike | None, *shape: int | None) -> NDArray[np.generic]:
    """Memory-map an array of this type and shape; None stands for any type or length. Raises DataError."""
    try:
        with path.open("rb") as stream:
            found = read_header(stream, path.stat().st_size)
        array = np.load(path, mmap_mode="r" if math.prod(found.shape) else None, allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"{path}: missing") from None
    except (OSError, ValueError):
        raise DataError(f"{path}: damaged, or not an array of NumPy") from None
    if (kind is not None and found.dtype != np.dtype(kind)) or not _fits(shape, found.shape):
        wanted = " x ".join("any" if n is None else str(n) for n in shape)
        what = "any type" if kind is None else np.dtype(kind)
        raise DataError(f"{path}: {found.dtype} of shape {found.shape}, not {what} of {wanted}")
    return array  # type: ignore[no-any-return]


def _fits(wanted: Sequence[int | None], found: Sequence[int]) -> bool:
    return len(found) == len(wanted) and all(n in (None, have) for n, have in zip(wanted, found, strict=True))
