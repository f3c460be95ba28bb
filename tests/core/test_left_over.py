"""What a killed writer leaves is removed by the next writer of that name, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.core import files, left_over

KILLED = """
import os, pathlib, sys
from edgebench.core import files
what = pathlib.Path(sys.argv[1])
with (files.replacing_folder if what.suffix == "" else files.replacing)(what) as part:
    (part.mkdir() if what.suffix == "" else part.write_bytes(b"half"))
    os.kill(os.getpid(), 9)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path) -> None:
    if path.suffix:
        files.write_text(path, "whole")
    else:
        with files.replacing_folder(path) as part:
            part.mkdir()


@pytest.mark.parametrize("name", ["net.onnx", "folder"])
def test_the_next_writer_of_the_name_removes_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode == -9
    (left,) = names(tmp_path)
    assert left.startswith(f".{name}{files.PART}")
    write(tmp_path / "other.onnx")
    assert names(tmp_path) == [left, "other.onnx"]
    write(path)
    assert names(tmp_path) == sorted([name, "other.onnx"])


@pytest.mark.parametrize("name", ["net.onnx", "folder"])
def test_what_another_writes_now_stays(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with (files.replacing if path.suffix else files.replacing_folder)(path) as part:
        write(path)
        assert (part if path.suffix else part.parent).exists()
        if not path.suffix:
            part.mkdir()
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("theirs", [".net.onnx.part-1", ".net.onnx.part-12345678.txt", ".anet.onnx.part-12345678"])
def test_other_names_stay(theirs: str, tmp_path: Path) -> None:
    (tmp_path / theirs).touch()
    write(tmp_path / "net.onnx")
    assert theirs in names(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    link = tmp_path / f".net.onnx{files.PART}12345678.onnx"
    link.symlink_to(tmp_path / "theirs")
    write(tmp_path / "net.onnx")
    assert (tmp_path / "theirs").exists() and link.is_symlink()


def test_a_library_that_writes_another_file_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As safetensors does."""
    path, sync = tmp_path / "net.onnx", files.sync

    def another_writer(what: Path) -> None:
        left_over._remove(path)
        sync(what)

    monkeypatch.setattr(files, "sync", another_writer)
    with files.replacing(path) as part:
        (tmp_path / "theirs").write_text("whole")
        (tmp_path / "theirs").replace(part)
    assert names(tmp_path) == ["net.onnx"] and path.read_text() == "whole"
