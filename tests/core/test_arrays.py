"""Arrays of files that may be damaged."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from mutations import hold, of_bytes

from edgebench.core import arrays
from edgebench.core.errors import EdgeBenchError


def npy(array: object) -> bytes:
    target = io.BytesIO()
    np.save(target, np.asarray(array))
    return target.getvalue()


@pytest.mark.parametrize("made", [np.arange(5.0), np.zeros((0,)), np.ones(3, ">f4"), np.ones(2, np.float16)])
def test_what_numpy_wrote_is_read(made: np.ndarray[tuple[int], np.dtype[np.float64]], tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy(made))
    assert np.array_equal(arrays.load(tmp_path / "x.npy", "f", (None,)), made)


def claims(shape: str, kind: str = "<f8") -> bytes:
    """A short file whose header claims something else."""
    return npy(np.zeros(2)).replace(b"(2,), ", f"({shape}), ".encode()).replace(b"<f8", kind.encode())


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a.npy", npy(np.zeros(2)))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x93NUMPY", b"PK\x03\x04", archive(), npy(np.arange(5)), npy(np.float64(1)), npy(np.ones((2, 2))),
        npy(np.ones(2))[:-1], npy(np.ones(2)) + b"x", npy(np.array([None, {}], object)), claims("10**30,"),
        claims("999999999999,"), claims("-1,"), claims("2,", "|O"), claims("2,", "<f9"), claims("(" * 5000),
    ],
)  # fmt: skip
def test_anything_else_is_refused_without_taking_memory(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        arrays.load(tmp_path / "x.npy", "f", (None,))


def test_a_folder_and_a_missing_file_are_the_systems_errors(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.npy"):
        with pytest.raises(OSError, match=r"."):
            arrays.load(path, "f", (None,))


def test_every_damaged_copy_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        try:
            arrays.load(path, "f", (None,))
        except ValueError as error:
            raise EdgeBenchError(str(error)) from None

    hold(read, of_bytes(npy(np.linspace(0.001, 0.002, 50)), 500))
