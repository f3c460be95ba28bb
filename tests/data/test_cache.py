"""Parsed records on disk: made once, whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from edgebench.core.errors import DiskFull
from edgebench.data import cache


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))


def make(folder: Path) -> None:
    """An entry of two records."""
    np.save(folder / "signals.npy", np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    cache.save(folder, np.array([[1, 0], [0, 1]], np.uint8), np.array([7, 9]), {"rate": 100})


def refuse(folder: Path) -> None:
    raise AssertionError("made a second time")


def test_an_entry_is_made_once_and_read_as_it_was_made(tmp_path: Path) -> None:
    made, again = cache.open_or_make("records", make), cache.open_or_make("records", refuse)
    for entry in (made, again):
        assert (np.load(entry.signals) == np.arange(24).reshape(2, 3, 4)).all()
        assert entry.labels.tolist() == [[1, 0], [0, 1]] and entry.labels.dtype == np.uint8
        assert (entry.ids.tolist(), entry.meta) == ([7, 9], {"rate": 100})
    assert made.signals == tmp_path / "cache" / "records" / "signals.npy"


def test_each_key_has_an_entry_of_its_own(tmp_path: Path) -> None:
    keys = ["one", "a" * 90]
    for key in keys:
        cache.open_or_make(key, make)
    assert sorted(p.name for p in (tmp_path / "cache").iterdir()) == sorted(keys), "and nothing else is left"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        make(folder)
        raise ValueError("a bad record")

    with pytest.raises(ValueError, match="a bad record"):
        cache.open_or_make("records", fail)
    assert not list((tmp_path / "cache").iterdir())
    assert cache.open_or_make("records", make).meta == {"rate": 100}, "and the next attempt makes it"


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull, match=str(tmp_path / "cache")):
        cache.open_or_make("records", full)
    assert not list((tmp_path / "cache").iterdir())


def test_of_two_processes_that_make_an_entry_one_wins() -> None:
    def late(folder: Path) -> None:
        cache.open_or_make("records", make)  # what another process does meanwhile
        make(folder)
        (folder / "meta.json").write_text('{"rate": 500}')

    assert cache.open_or_make("records", late).meta == {"rate": 100}


def test_another_failure_to_publish_is_not_hidden(tmp_path: Path) -> None:
    def blocked(folder: Path) -> None:
        make(folder)
        (folder.parent / "records").mkdir()
        (folder.parent / "records" / "mine").touch()

    with pytest.raises(OSError, match="records"):
        cache.open_or_make("records", blocked)
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["records"]
