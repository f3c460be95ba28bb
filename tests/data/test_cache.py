"""Entries of the cache: whole, or made again."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgebench.core.errors import DataError, DiskFull
from edgebench.data import cache

FILES = ("signals.npy", "meta.json", cache.LIST)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Maker:
    """Makes the same small entry, and counts."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        np.save(folder / "signals.npy", np.arange(2 * 12 * 10, dtype=np.int16).reshape(2, 12, 10))
        (folder / "meta.json").write_text('{"dropped": ["x"]}')


def check(folder: Path) -> None:
    assert np.load(folder / "signals.npy").ravel().tolist() == list(range(240))
    assert (folder / "meta.json").read_text() == '{"dropped": ["x"]}'


def opened(make: Maker) -> None:
    check(cache.folder_of("key", make))


def test_an_entry_is_made_once() -> None:
    make = Maker()
    for _ in range(3):
        opened(make)
    assert make.times == 1


def _flipped(content: bytes) -> bytes:
    return content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "zeros of the same size": lambda content: bytes(len(content)),
    "one bit": _flipped,
    "longer": lambda content: content + b"\x00",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [*DAMAGES, "gone", "a folder"])
def test_a_damaged_entry_is_made_again(name: str, damage: str, home: Path) -> None:
    make = Maker()
    opened(make)
    path = home / "key" / name
    times = path.stat()
    content = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "gone":
        path.write_bytes(DAMAGES[damage](content))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    opened(make)
    opened(make)
    assert make.times == 2 and [p.name for p in home.iterdir()] == ["key"]


def test_an_entry_of_an_earlier_version_or_a_file_in_its_place(home: Path) -> None:
    home.mkdir()
    (home / "key").write_text("no folder")
    opened(make := Maker())
    (home / "key" / cache.LIST).unlink()
    opened(make)
    assert make.times == 2


def test_a_failure_leaves_nothing(home: Path) -> None:
    def fails(folder: Path) -> None:
        np.save(folder / "signals.npy", np.zeros(3))
        raise DataError("no")

    with pytest.raises(DataError, match="no"):
        cache.folder_of("key", fails)
    assert list(home.iterdir()) == []


def test_a_full_disk_names_the_cache(home: Path) -> None:
    def fails(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder / "signals.npy"))

    with pytest.raises(DiskFull, match=str(home)):
        cache.folder_of("key", fails)
    assert list(home.iterdir()) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(DataError, match="EDGEBENCH_CACHE"):
        cache.folder_of("key", Maker())
    monkeypatch.setenv("EDGEBENCH_CACHE", "/proc/cache")  # for root, too
    with pytest.raises((DataError, FileNotFoundError)):
        cache.folder_of("key", Maker())


def test_an_error_of_the_records_is_not_one_of_the_cache() -> None:
    def fails(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/records/00001_lr.dat")

    with pytest.raises(PermissionError):
        cache.folder_of("key", fails)


def test_several_make_the_same_entry_at_once(home: Path) -> None:
    home.mkdir()
    (home / "key").mkdir()
    (home / "key" / cache.LIST).write_bytes(b"cut off")
    start, errors = threading.Barrier(6), []

    def one() -> None:
        start.wait()
        try:
            opened(Maker())
        except BaseException as error:  # a thread's own
            errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and [p.name for p in home.iterdir()] == ["key"]


def test_what_a_killed_process_left_goes_after_a_day(home: Path) -> None:
    old, new = home / f"{cache.WORK}old", home / f"{cache.WORK}new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "signals.npy").write_bytes(b"half")
    yesterday = time.time() - 2 * cache.OLD_S
    os.utime(old, (yesterday, yesterday))
    opened(Maker())
    assert sorted(p.name for p in home.iterdir()) == [f"{cache.WORK}new", "key"]


def test_an_entry_in_the_making_stays_though_the_clock_jumps(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 3 * cache.OLD_S

    def slow(folder: Path) -> None:
        monkeypatch.setattr(time, "time", lambda: later)
        check(cache.folder_of("other", Maker()))  # what another process does meanwhile
        Maker()(folder)

    check(cache.folder_of("key", slow))
    assert sorted(p.name for p in home.iterdir()) == ["key", "other"]


def test_each_key_has_an_entry_of_its_own(home: Path) -> None:
    keys = ["one", "a" * 90]
    for key in keys:
        check(cache.folder_of(key, Maker()))
    assert sorted(p.name for p in home.iterdir()) == sorted(keys), "and nothing else is left"


def test_of_two_processes_that_make_an_entry_the_first_wins() -> None:
    def late(folder: Path) -> None:
        opened(Maker())  # what another process does meanwhile
        Maker()(folder)
        (folder / "meta.json").write_text('{"rate": 500}')

    check(cache.folder_of("key", late))
