from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from edgebench.core.errors import DataError
from edgebench.data.bounded_files import read, read_gzip, require_folder


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read(path, 5) == b"12345"
    with pytest.raises(DataError, match="larger than"):
        read(path, 4)
    for wrong in (tmp_path / "none", tmp_path, Path("a\0b"), tmp_path / ("x" * 300)):
        with pytest.raises(DataError):
            read(wrong, 5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a file"):
        read(tmp_path / "pipe", 5)


def test_a_small_gzip_file_may_be_large_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(10**6)))
    assert read_gzip(path, 10**6) == bytes(10**6)
    with pytest.raises(DataError, match="unpacks to more than"):
        read_gzip(path, 10**6 - 1)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError, match="cut off"):
        read_gzip(path, 10**6)


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert require_folder("d", tmp_path, "way") == tmp_path
    for wrong, said in (
        (None, "needs its folder"),
        (tmp_path / "file", "a file, not a folder"),
        (tmp_path / "no", "no such"),
    ):
        with pytest.raises(DataError, match=f"{said}.*way"):
            require_folder("d", wrong, "way")
