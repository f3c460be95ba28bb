from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgebench.core.datasets import RecordSet
from edgebench.core.errors import BadRecord, DataError, DiskFull
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.data.bad_records import settle
from edgebench.data.record_cache import key, new_file, open_or_make


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make(folder: Path, count: int = 3, targets: bool = True) -> RecordSet:
    spec = InputSpec((2, 4), ("lead", "sample"), "mV", {"lead": ("I", "II")}, 100.0)
    inputs = []
    for name in ("input", "age"):
        path = folder / f"{name}.npy"
        new_file(path, np.int16, (count, 2, 4))[:] = np.arange(count * 8).reshape(count, 2, 4)
        inputs.append(StoredInput(name, spec, Storage("int16", 1000.0), path))
    values = np.arange(count) if targets else None
    ids = np.array([f"r{i}" for i in range(count)])
    return RecordSet("d", "D", "test", tuple(inputs), values, ids, ("a", "b"), "classification", "mL", ("x: bad",), 2)


@pytest.mark.parametrize("targets", [True, False])
@pytest.mark.parametrize("count", [3, 0])
def test_an_entry_gives_back_what_was_made(targets: bool, count: int, tmp_path: Path, cache: Path) -> None:
    found = [open_or_make(lambda: "entry", lambda to: make(to, count, targets)), open_or_make(lambda: "entry", refuse)]
    for records in found:
        assert len(records) == count and records.ids.tolist() == [f"r{i}" for i in range(count)]
        assert (records.targets is not None) == targets and records.dropped == ("x: bad",) and records.unlabelled == 2
        assert (records.classes, records.task, records.unit, records.label) == (("a", "b"), "classification", "mL", "D")
        first = records.inputs[0]
        assert first.path == cache / "entry" / "input.npy" and [one.name for one in records.inputs] == ["input", "age"]
        assert str(first.spec) == "2 leads x 4 samples at 100 Hz in mV" and first.spec.names == {"lead": ("I", "II")}
        assert np.load(first.path).shape == (count, 2, 4) and first.storage == Storage("int16", 1000.0)


def refuse(*_: object) -> RecordSet:
    raise AssertionError("made again")


def cut(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-8])


def zeros(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(bytes((folder / name).stat().st_size))


@pytest.mark.parametrize(
    "damage",
    [
        cut("input.npy"), cut("targets.npy"), cut("ids.npy"), cut("about.json"), zeros("targets.npy"), zeros("ids.npy"),
        zeros("about.json"), zeros("input.npy"), lambda folder: (folder / "about.json").write_text("{}"),
        lambda folder: (folder / "age.npy").unlink(),
        lambda folder: (folder / "about.json").unlink(),
    ],
)  # fmt: skip
def test_a_damaged_entry_is_made_again(damage: Callable[[Path], object], cache: Path) -> None:
    """As a power cut, or a full disk of another program, may leave it."""
    open_or_make(lambda: "entry", make)
    damage(cache / "entry")
    records = open_or_make(lambda: "entry", make)
    assert np.load(records.inputs[1].path).sum() == sum(range(24)) and len(records) == 3
    assert [path.name for path in cache.iterdir()] == ["entry"]


def test_nothing_is_left_of_a_failure(cache: Path) -> None:
    def fail(folder: Path) -> RecordSet:
        make(folder)
        raise BadRecord("x")

    with pytest.raises(BadRecord):
        open_or_make(lambda: "entry", fail)
    names = iter(("before", "after"))
    with pytest.raises(DataError, match="changed while they were read"):
        open_or_make(lambda: next(names), make)
    assert list(cache.iterdir()) == []


def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DiskFull):
        open_or_make(lambda: "entry", make)
    assert list(cache.iterdir()) == []


def test_everything_counts_in_a_key() -> None:
    parts = [
        ("d", "test", 1, None),
        ("d", "train", 1, None),
        ("d", "test", 2, None),
        ("d", "test", 1, 0),
        ("e", "test", 1, None),
    ]
    assert len({key(*part) for part in parts}) == len(parts)
    assert "/" not in key("a/b.py:x", "test")


def test_bad_records_are_left_out_of_every_array(tmp_path: Path) -> None:
    records = make(tmp_path)
    assert settle(records, ["", "", ""], skip=False) is records
    with pytest.raises(BadRecord, match=r"second \(and 1 more"):
        settle(records, ["", "second", "third"], skip=False)
    with pytest.raises(DataError, match="every record of the test split is bad; the first: a"):
        settle(records, ["a", "b", "c"], skip=True)
    kept = settle(records, ["", "second", ""], skip=True)
    assert kept.ids.tolist() == ["r0", "r2"] and kept.targets is not None and kept.targets.tolist() == [0, 2]
    assert kept.dropped == ("x: bad", "second")
    for one in kept.inputs:
        assert np.load(one.path)[:, 0, 0].tolist() == [0, 16]
