"""Contents by their hashes: whole or not there at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from edgebench.core.errors import BundleError
from edgebench.fleet.content_store import ContentStore
from edgebench.remote.bundles.layout import Entry


def entry(data: bytes) -> Entry:
    return Entry(hashlib.sha256(data).hexdigest(), len(data))


def test_pieces_become_a_file_that_is_kept(tmp_path: Path) -> None:
    store, data = ContentStore(tmp_path / "files"), b"abcdefghij"
    one = entry(data)
    assert store.missing([one, one]) == [one.sha256]
    assert not store.put(one, 0, data[:4]) and store.missing([one])
    assert store.put(one, 4, data[4:]) and not store.missing([one])
    store.lay_out({"a/b.bin": one, "c.bin": one}, tmp_path / "made")
    assert (tmp_path / "made/a/b.bin").read_bytes() == (tmp_path / "made/c.bin").read_bytes() == data
    assert not ContentStore(tmp_path / "files").missing([one]), "by another process, too"


def test_what_arrives_damaged_or_is_damaged_later_is_not_there(tmp_path: Path) -> None:
    store, one = ContentStore(tmp_path), entry(b"right")
    assert not store.put(one, 0, b"wrong") and store.missing([one]) and not list(tmp_path.iterdir())
    assert store.put(one, 0, b"right")
    os.utime(tmp_path / one.sha256, (1, 1))
    (tmp_path / one.sha256).write_bytes(b"wrong")
    assert store.missing([one])


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a" * 63, "A" * 64, ""])
def test_a_hash_that_is_none_is_no_file(tmp_path: Path, name: str) -> None:
    store = ContentStore(tmp_path / "files")
    assert not store.put(Entry(name, 1), 0, b"x") and store.missing([Entry(name, 1)])
    assert not list((tmp_path / "files").iterdir())


@pytest.mark.parametrize(("size", "offset"), [(1, 0), (10**12, 0), (3, -1), (3, 2)])
def test_more_than_was_said_is_refused(tmp_path: Path, size: int, offset: int) -> None:
    store = ContentStore(tmp_path)
    assert not store.put(Entry(entry(b"abc").sha256, size), offset, b"abc")


def test_names_stay_inside_the_folder(tmp_path: Path) -> None:
    store, one = ContentStore(tmp_path / "files"), entry(b"x")
    store.put(one, 0, b"x")
    with pytest.raises(BundleError):
        store.lay_out({"../out": one}, tmp_path / "made")


def test_the_oldest_goes_at_the_limit(tmp_path: Path) -> None:
    store = ContentStore(tmp_path / "files", most_bytes=25)
    all_ = [entry(bytes([n]) * 10) for n in range(4)]
    for number, one in enumerate(all_):
        store.put(one, 0, bytes([number]) * 10)
        os.utime(tmp_path / "files" / one.sha256, (number, number))
    store.lay_out({"a": all_[0]}, tmp_path / "made")
    store.trim()
    assert store.missing(all_) == [all_[1].sha256, all_[2].sha256], "that one was used last"
