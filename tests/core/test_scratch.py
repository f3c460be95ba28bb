"""Folders of temporary files, also of processes that were killed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgebench.core import scratch
from edgebench.core.files import SCRATCH
from edgebench.core.scratch import scratch_folder

HOLDS = (
    "import sys, time\nfrom edgebench.core.scratch import scratch_folder\n"
    "with scratch_folder() as folder:\n"
    "    (folder / 'half').write_text('x'); print(folder, flush=True); time.sleep(60)\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    scratch._remove_left_over.cache_clear()
    return tmp_path


def names(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def test_it_is_there_for_the_block_and_gone_after_an_error(home: Path) -> None:
    def fails() -> None:
        with scratch_folder() as folder:
            assert folder.parent == home and folder.name.startswith(SCRATCH) and not list(folder.iterdir())
            (folder / "a").mkdir()
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert names(home) == []


def test_the_next_process_removes_what_a_killed_one_left_and_not_what_is_in_use(home: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        theirs = Path(child.stdout.readline().strip())
        with scratch_folder():
            assert (theirs / "half").exists(), "in use"
    finally:
        child.kill()
        child.communicate()
    assert (theirs / "half").exists(), "it was killed"
    scratch._remove_left_over.cache_clear()
    with scratch_folder() as folder:
        assert names(home) == [folder.name]
    assert names(home) == []


def test_files_links_and_other_names_stay(home: Path) -> None:
    (home / f"{SCRATCH}file").write_text("mine")
    (home / "elsewhere").mkdir()
    (home / f"{SCRATCH}link").symlink_to(home / "elsewhere")
    before = names(home)
    with scratch_folder():
        pass
    assert names(home) == before


def test_a_folder_of_another_user_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / f"{SCRATCH}theirs").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with scratch_folder():
        pass
    assert names(home) == [f"{SCRATCH}theirs"]


def test_where_nothing_can_be_locked_it_is_removed_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", refuses)
    (home / f"{SCRATCH}other").mkdir()
    with scratch_folder() as folder:
        assert not folder.name.startswith(SCRATCH), "another process must not take it for left over"
    assert names(home) == [f"{SCRATCH}other"]
