from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from small_datasets import idx as content_of

from edgebench.core.errors import DataError
from edgebench.data.mnist import idx

ARRAY = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def test_plain_and_packed_are_the_same(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a-idx3-ubyte", tmp_path / "b-idx3-ubyte.gz"
    plain.write_bytes(content_of(ARRAY))
    packed.write_bytes(gzip.compress(content_of(ARRAY)))
    assert np.array_equal(idx.read(plain, 3), ARRAY) and np.array_equal(idx.read(packed, 3), ARRAY)
    assert idx.find(tmp_path, "b-idx3-ubyte") == packed and idx.find(tmp_path, "none") == tmp_path / "none"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cut off"),
        (content_of(ARRAY)[:-1], "23 bytes of data"),
        (content_of(ARRAY) + b"x", "25 bytes of data"),
        (b"\x00\x00\x08\x01" + content_of(ARRAY)[4:], "begins with 00000801"),
        (b"\x00\x00\x0d\x03" + content_of(ARRAY)[4:], "begins with 00000d03"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "its header of"),
    ],
)
def test_damaged_files_are_named(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as raised:
        idx.read(path, 3)
    assert str(raised.value).startswith(f"{path}: ")


def test_unpacking_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(10**7)))
    monkeypatch.setattr(idx, "LARGEST", 10**6)
    with pytest.raises(DataError, match="unpacks to more than 1 MB"):
        idx.read(path, 3)
    for damage, said in (
        (b"no gzip", "no gzip file"),
        (gzip.compress(content_of(ARRAY))[:-9], "cut off"),
        (b"", "cut off"),
    ):
        path.write_bytes(damage)
        with pytest.raises(DataError, match=said):
            idx.read(path, 3)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a file"):
        idx.read(tmp_path / "pipe", 3)
