"""IDX files of bytes, as MNIST is published; plain or gzip-compressed."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.data import bounded_files

UNSIGNED_BYTE = 8
LARGEST = 64 * 2**20
"""Bytes of an unpacked file: the largest one of MNIST has 47 MB."""


def find(folder: Path, name: str) -> Path:
    """The file of that name, or its .gz; the plain path where neither is there."""
    plain = folder / name
    packed = folder / f"{name}.gz"
    return packed if packed.is_file() and not plain.is_file() else plain


def read(path: Path, axes: int) -> NDArray[np.uint8]:
    """The bytes of an IDX file with so many axes; raises DataError."""
    most = LARGEST + 4 + 4 * axes
    content = bounded_files.read_gzip(path, most) if path.suffix == ".gz" else bounded_files.read(path, most)
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(f"{path}: cut off: {len(content)} bytes")
    zero, kind, found = struct.unpack_from(">HBB", content)
    if zero or kind != UNSIGNED_BYTE or found != axes:
        magic = content[:4].hex()
        raise DataError(f"{path}: begins with {magic}, not with {bytes([0, 0, UNSIGNED_BYTE, axes]).hex()} of IDX")
    shape = struct.unpack_from(f">{axes}I", content, 4)
    if math.prod(shape) != len(content) - start:
        raise DataError(
            f"{path}: {len(content) - start} bytes of data where its header of {shape} needs another number"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
