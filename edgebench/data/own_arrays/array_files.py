"""Arrays of numbers in .npy and .npz files: found by key, checked, and opened without running anything in them."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.arrays import read_header
from edgebench.core.errors import DataError, DiskFull, EdgeBenchError, first_line
from edgebench.core.files import disk_full_at

MEMBERS = 1000
"""Arrays of one .npz, or files of one folder."""
LARGEST = 64 * 2**30
"""Bytes of one array."""
COPY = 1 << 20


@dataclass(frozen=True)
class Source:
    """One array on disk."""

    key: str
    file: Path
    member: str
    """Name inside the .npz; empty for a .npy file."""
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def label(self) -> str:
        """The array's name in messages."""
        return f"{self.file}: {self.key}" if self.member else str(self.file)

    def open(self, scratch: Path) -> NDArray[Any]:
        """Memory-map the array; one of an .npz is unpacked into `scratch`. Raises DataError, DiskFull."""
        path = self.file
        with _one_line(self.label):
            if self.member:
                path = scratch / f"{len(list(scratch.iterdir()))}.npy"
                with (
                    disk_full_at(path), zipfile.ZipFile(self.file) as archive, archive.open(self.member) as packed,
                    path.open("wb") as target,
                ):  # fmt: skip
                    while part := packed.read(COPY):
                        target.write(part)
            array: NDArray[Any] = np.load(path, mmap_mode="r" if math.prod(self.shape) else None, allow_pickle=False)
        if array.shape != self.shape or array.dtype != self.dtype:
            raise DataError(f"{self.label}: changed while it was read")
        return array


def files_of(path: Path) -> list[Path]:
    """The .npz file itself, or the one in the folder, or the folder's .npy files; raises DataError."""
    try:
        if path.is_file():
            if path.suffix != ".npz":
                raise DataError(f"{path}: not an .npz file; name one, or a folder of .npy files")
            return [path]
        if not path.is_dir():
            raise DataError(f"{path}: no such file or folder")
        packed, plain = (sorted(path.glob(pattern))[: MEMBERS + 1] for pattern in ("*.npz", "*.npy"))
    except (OSError, ValueError):
        raise DataError(f"{str(path)[:80]!r}: not a path that can be opened") from None
    if len(packed) + len(plain) > MEMBERS:
        raise DataError(f"{path}: more than {MEMBERS} files of arrays")
    if packed and (plain or len(packed) > 1):
        raise DataError(f"{path}: {packed[0].name} and {(plain or packed[1:])[0].name}: name one .npz file")
    if not packed and not plain:
        raise DataError(f"{path}: no .npz and no .npy file there")
    return packed or plain


def sources(files: list[Path]) -> dict[str, Source]:
    """Every array of the files by its key: its name in the .npz, or the file's name. Raises DataError."""
    found: dict[str, Source] = {}
    for file in files:
        with _one_line(str(file)):
            if file.suffix == ".npz":
                with zipfile.ZipFile(file) as archive:
                    entries = archive.infolist()
                    if len(entries) > MEMBERS:
                        raise DataError(f"{file}: more than {MEMBERS} arrays")
                    for entry in entries:
                        key = entry.filename.removesuffix(".npy")
                        with archive.open(entry) as stream:
                            found[key] = _source(key, file, entry.filename, stream, entry.file_size)
            else:
                with file.open("rb") as stream:
                    found[file.stem] = _source(file.stem, file, "", stream, file.stat().st_size)
    return found


def _source(key: str, file: Path, member: str, stream: IO[bytes], size: int) -> Source:
    label = f"{file}: {key}" if member else str(file)
    try:
        header = read_header(stream, size)
    except ValueError as problem:
        raise DataError(f"{label}: {problem}") from None
    if header.dtype.kind not in "biufU":
        raise DataError(f"{label}: holds {header.dtype.name[:40]}, not numbers; save it as an array of numbers")
    if size > LARGEST:
        raise DataError(f"{label}: {size / 1e9:.0f} GB; at most {LARGEST / 1e9:.0f} GB are read")
    return Source(key, file, member, header.dtype, header.shape)


@contextmanager
def _one_line(label: str) -> Iterator[None]:
    """Every error of NumPy and zipfile for a damaged file as a DataError."""
    try:
        yield
    except (EdgeBenchError, DiskFull):
        raise
    except Exception as error:
        raise DataError(f"{label}: not a readable file of arrays ({first_line(error)[:100]})") from None
