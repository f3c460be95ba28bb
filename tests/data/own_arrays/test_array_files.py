from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core.errors import DataError
from edgebench.data.own_arrays.array_files import files_of, sources


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def test_arrays_of_both_kinds_come_back(tmp_path: Path) -> None:
    x, y = np.arange(12, dtype=np.int16).reshape(3, 4), np.asfortranarray(np.random.default_rng(0).random((5, 6)))
    np.savez_compressed(tmp_path / "a.npz", x=x, y=y, none=np.zeros((0, 3)))
    found = sources(files_of(tmp_path))
    assert {key: source.shape for key, source in found.items()} == {"x": (3, 4), "y": (5, 6), "none": (0, 3)}
    (tmp_path / "scratch").mkdir()
    for key, array in (("x", x), ("y", y)):
        assert np.array_equal(found[key].open(tmp_path / "scratch"), array)
    (tmp_path / "plain").mkdir()
    np.save(tmp_path / "plain" / "x.npy", x)
    (plain,) = sources(files_of(tmp_path / "plain")).values()
    assert plain.key == "x" and np.array_equal(plain.open(tmp_path), x)


class Evil:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._folder),)


def test_nothing_runs(tmp_path: Path) -> None:
    made = tmp_path / "made"
    objects = np.array([Evil(made)], dtype=object)
    for name, content in (("a.npy", npy(objects, allow_pickle=True)), ("b.npy", pickle.dumps(Evil(made)))):
        folder = tmp_path / name[0]
        folder.mkdir()
        (folder / name).write_bytes(content)
        with pytest.raises(DataError):
            sources(files_of(folder))
    np.savez(tmp_path / "c.npz", x=objects)
    with pytest.raises(DataError, match="not numbers"):
        sources([tmp_path / "c.npz"])
    assert not made.exists()


def header(text: str) -> bytes:
    raw = text.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x93NUMPY\x01\x00\xff\xff", header("{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,)}"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999,)}"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}"),
        header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), header("(" * 110),
        header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}") + bytes(8),
        b"\x93NUMPY\x03\x00\x10\x00\x00\x00" + b" " * 16, npy(np.arange(5))[:-1], npy(np.arange(5)) + b"x",
    ],
)  # fmt: skip
def test_damaged_files_are_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "packed.npz", "w") as archive:
        archive.writestr("x.npy", content)
    for file in (tmp_path / "x.npy", tmp_path / "packed.npz"):
        with pytest.raises(DataError) as raised:
            sources([file])
        assert str(raised.value).startswith(str(file)) and "\n" not in str(raised.value)


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    for path, said in (
        (tmp_path / "no", "no such"),
        (tmp_path / "x.txt", "not an .npz"),
        (tmp_path, "no .npz and no .npy"),
    ):
        with pytest.raises(DataError, match=said):
            files_of(path)
    np.savez(tmp_path / "a.npz", x=1)
    np.savez(tmp_path / "b.npz", x=1)
    with pytest.raises(DataError, match=r"a\.npz and b\.npz: name one"):
        files_of(tmp_path)
    (tmp_path / "a.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="not a readable file of arrays"):
        sources([tmp_path / "a.npz"])
