from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgebench.core import files
from edgebench.core.errors import DiskFull


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this system mounts no tmpfs: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def fill(path: Path, *pieces: bytes | Exception) -> None:
    """Replace a file piece by piece; a piece that is an exception happens there."""
    with files.replacing(path) as part, part.open("wb", buffering=0) as stream:
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            stream.write(piece)


def test_sha256(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "file").write_bytes(data)
    assert files.sha256(tmp_path / "file") == hashlib.sha256(data).hexdigest()


def test_write_text_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.json"
    files.write_text(path, "first")
    files.write_text(path, "zweitens: größer")
    assert path.read_bytes().decode() == "zweitens: größer"
    assert names(path.parent) == ["file.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_replacing_gives_a_path_beside_with_the_same_suffix(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    with files.replacing(path) as part:
        assert (part.parent, part.suffix) == (tmp_path, ".npy")
        part.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


def test_an_exception_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyError):
        fill(path, b"half of the n", KeyError())
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_lines_are_appended_and_read(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    assert files.read_lines(path) == []
    for line in ("one", "zwölf", ""):
        files.append_line(path, line)
    assert path.read_bytes().decode() == "one\nzwölf\n\n"
    assert files.read_lines(path) == ["one", "zwölf", ""]


@pytest.mark.parametrize("cut", [b'{"thi', "é".encode()[:1], bytes(4096)], ids=["half", "letter", "zeros"])
def test_a_line_that_a_crash_cut_off_is_left_out_and_then_removed(tmp_path: Path, cut: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\n" + cut)
    assert files.read_lines(path) == ["one", "two"]
    files.append_line(path, "three")
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    path.write_bytes(cut)
    assert files.read_lines(path) == []
    files.append_line(path, "first")
    assert path.read_bytes() == b"first\n"


@pytest.mark.parametrize("cut", [0, 1, 10, files.TAIL_BYTES - 5, files.TAIL_BYTES, 3 * files.TAIL_BYTES])
def test_a_cut_off_line_of_any_length_is_found_from_the_end(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "lines"
    for whole in (b"", b"one\n", b"one\n" + b"x" * (2 * files.TAIL_BYTES) + b"\n"):
        path.write_bytes(whole + b"y" * cut)
        files.append_line(path, "next")
        assert path.read_bytes() == whole + b"next\n"


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029", "\x1c", "\x0b", "\r"])
def test_only_a_newline_ends_a_line(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "lines"
    files.append_line(path, f"a{separator}b")
    files.append_line(path, "c")
    assert files.read_lines(path) == [f"a{separator}b", "c"]


def test_a_full_disk_leaves_the_lines_as_they_were(small_disk: Path) -> None:
    path = small_disk / "lines"
    files.append_line(path, "one")
    files.append_line(path, "x" * 40_000)
    before = path.read_bytes()
    for size in (30_000, 200_000):
        with pytest.raises(
            DiskFull, match=rf"^no space left for {small_disk} \(file system {small_disk}\): free some"
        ) as caught:
            files.append_line(path, "y" * size)
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == before
    files.append_line(path, "three")
    assert path.read_bytes() == before + b"three\n"


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "file"
    files.write_text(path, "old" * 1000)
    with pytest.raises(DiskFull, match="no space left"):
        files.write_text(path, "new" * 40_000)
    assert path.read_text() == "old" * 1000
    assert names(small_disk) == ["file"]
    with pytest.raises(DiskFull):
        fill(path, *[bytes(10_000)] * 20)
    assert path.read_text() == "old" * 1000
    assert names(small_disk) == ["file"]
    files.write_text(path, "new" * 1000)
    assert path.read_text() == "new" * 1000


@pytest.fixture
def small_temporary(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small file system holds the temporary files, and is full."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with (small_disk / "filler").open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(b"x" * 512)
    return small_disk


@pytest.mark.parametrize("named", [None, "tmp1a2b3c4d/graph.onnx", "edgebench-1a2b3c4d/tmp1a2b3c4d/graph.onnx"])
@pytest.mark.parametrize("within", ["", "edgebench-1a2b3c4d"], ids=["main process", "a child"])
def test_full_temporary_files_are_not_blamed_on_the_output(
    named: str | None, within: str, small_temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small_temporary / within).mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(small_temporary / within))
    output, place = tmp_path / "output", named and str(small_temporary / named)
    line = f"no space left for temporary files in {small_temporary} (file system {small_temporary})"
    with pytest.raises(DiskFull) as caught, files.disk_full_at(output / "model.onnx"):
        raise OSError(errno.ENOSPC, "No space left on device", place)
    assert str(caught.value).startswith(line) and "TMPDIR" in str(caught.value)
    scratch = Path(tempfile.mkdtemp())
    with pytest.raises(DiskFull) as caught:
        files.write_bytes(scratch / "graph.onnx", b"x" * 5000)
    assert str(caught.value).startswith(line)
    with pytest.raises(DiskFull) as caught:  # what a native library reports in words of its own
        files.require_space(output)
    assert str(caught.value).startswith(line)


def test_a_full_output_is_not_blamed_on_temporary_files(small_disk: Path, tmp_path: Path) -> None:
    error = OSError(errno.EDQUOT, "Disk quota exceeded", str(tmp_path / "output" / "model.onnx"))
    assert files.disk_full(error, tmp_path / "output").startswith(f"no space left for {tmp_path / 'output'} (")
    with pytest.raises(DiskFull, match=f"^no space left for {small_disk / 'run'} "):
        files.require_space(small_disk / "run")


def test_another_error_of_the_system_keeps_its_words(tmp_path: Path) -> None:
    assert files.explained(PermissionError(errno.EACCES, "Permission denied", "/x")) == "/x: Permission denied"
    assert files.explained(OSError(errno.ENOSPC, "No space left on device")).startswith("no space left for ")


def test_another_error_is_not_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.append_line(tmp_path / "nowhere" / "lines", "one")
    with pytest.raises(IsADirectoryError):
        files.append_line(tmp_path, "one")


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "mine"))
    assert files.cache_dir() == tmp_path / "mine"
    monkeypatch.delenv("EDGEBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert files.cache_dir() == tmp_path / "xdg" / "edgebench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.cache_dir() == tmp_path / ".cache" / "edgebench"


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for text in ("first", "second"):
        with files.replacing_folder(home) as part:
            part.mkdir()
            (part / f"{text}.txt").write_text(text)
        assert [p.name for p in home.iterdir()] == [f"{text}.txt"]

    def interrupted() -> None:
        with files.replacing_folder(home) as part:
            part.mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [p.name for p in home.iterdir()] == ["second.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


KILLED = """
import os, signal, sys
from pathlib import Path
from edgebench.core import files
with files.{name}(Path(sys.argv[1])) as part:
    {make}
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("name", "make"), [("replacing", "part.write_text('new')"), ("replacing_folder", "part.mkdir()")]
)
def test_what_a_kill_before_the_renaming_leaves_is_no_file_and_can_be_removed(
    tmp_path: Path, name: str, make: str
) -> None:
    path = tmp_path / "run" / "file.json"
    path.parent.mkdir()
    path.write_text("old")
    (path.parent / ".mine.settings").write_text("mine")
    code = KILLED.format(name=name, make=make)
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -signal.SIGKILL
    assert path.read_text() == "old" and len(names(path.parent)) == 3
    files.remove_unfinished(tmp_path)
    assert names(path.parent) == [".mine.settings", "file.json"]


def test_what_is_renamed_is_synced_before_and_its_folder_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = files.sync, Path.replace

    def noted_sync(path: Path) -> None:
        done.append(path.name)
        sync(path)

    def noted_rename(self: Path, to: Path) -> Path:
        done.append("renamed")
        return rename(self, to)

    monkeypatch.setattr(files, "sync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    files.write_text(tmp_path / "file", "new")
    assert done[0].startswith(f".file{files.PART}") and done[1:] == ["renamed", tmp_path.name]
    done.clear()
    files.append_line(tmp_path / "lines", "one")
    assert done == [tmp_path.name], "the file is new"
    with files.replacing_folder(tmp_path / "folder") as new:
        new.mkdir()
        (new / "inside").write_text("x")
    assert done[1:] == ["inside", "new", tmp_path.name]
