"""Folders and files that a user names: opened with a bound on their size, refused in one line."""

from __future__ import annotations

import zlib
from pathlib import Path

from edgebench.core.errors import DataError


def require_folder(dataset: str, directory: Path | None, way: str) -> Path:
    """The folder of a dataset; raises DataError, which ends with the way to get one."""
    if directory is None:
        raise DataError(f"{dataset} needs its folder: pass --data-dir DIR ({way})")
    try:
        if not directory.is_dir():
            what = "a file, not a folder" if directory.exists() else "no such folder"
            raise DataError(f"{directory}: {what}; {way}")
    except (OSError, ValueError):
        raise DataError(f"{str(directory)[:80]!r}: not a path that can be opened") from None
    return directory


def is_file(path: Path) -> bool:
    """Whether a regular file is there; False for a name that is too long, and where the folder cannot be searched."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read(path: Path, most: int) -> bytes:
    """The whole file, at most `most` bytes; raises DataError."""
    try:
        if path.exists() and not path.is_file():  # reading a pipe would wait for its other end
            raise DataError(f"{path}: not a file")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except FileNotFoundError:
        raise DataError(f"{path}: missing") from None
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})"
        ) from None
    if len(content) > most:
        raise DataError(f"{path}: larger than {most / 1e6:.0f} MB, which no such file is")
    return content


def read_gzip(path: Path, most: int) -> bytes:
    """The content of a gzip file, at most `most` bytes of it however small the file is; raises DataError."""
    packed = read(path, most)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(packed, most + 1)
    except zlib.error:
        raise DataError(f"{path}: damaged, or no gzip file") from None
    if len(content) > most:
        raise DataError(f"{path}: unpacks to more than {most / 1e6:.0f} MB, which no such file does")
    if not unpacker.eof:
        raise DataError(f"{path}: cut off")
    return content
