from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ptbxl_files import FIRST, HOME, edit, entries, load, read, write

from edgebench.core.contracts import Progress
from edgebench.core.errors import BadRecord, DataError, DiskFull
from edgebench.data.ptbxl import dataset, index, wfdb_records
from edgebench.data.ptbxl.view import View
from edgebench.data.signals import MICROVOLTS, SUPERCLASSES
from edgebench.data.stored import values


def test_records_without_a_class_go_unless_they_are_kept(ptbxl: Path) -> None:
    labelled, everything = load(ptbxl), load(ptbxl, keep_unlabelled=True)
    assert (len(labelled), labelled.unlabelled, labelled.ids.tolist()) == (3, 1, [6, 12, 18])
    assert (len(everything), everything.unlabelled) == (4, 0)
    assert not everything.labels[3].any()


def test_values_are_those_of_the_files(ptbxl: Path) -> None:
    signals = np.load(load(ptbxl).input.path)
    assert signals.dtype == np.int16 and signals.shape == (3, 12, 1000)
    for row, number in enumerate((6, 12, 18)):
        physical = read(ptbxl / HOME / f"{number:05d}_lr")
        assert np.array_equal(signals[row], np.rint(physical.T * 1000))
        assert np.array_equal(values(signals[row], MICROVOLTS), physical.T.astype(np.float32))


def test_a_second_load_reads_the_cache(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(ptbxl)
    monkeypatch.setattr(dataset, "parse_all", None)  # a call would fail
    monkeypatch.setattr(index, "index_of", None)
    (ptbxl.parent / "link").symlink_to(ptbxl)
    for folder in (ptbxl, ptbxl.parent / "link", ptbxl / "records100" / ".."):
        after = load(folder)
        assert after.input.path == before.input.path
        assert np.array_equal(after.labels, before.labels) and np.array_equal(after.ids, before.ids)


def _zeroed(folder: Path) -> None:
    for number in (6, 12, 18):
        write(folder / HOME / f"{number:05d}_lr", np.zeros((1000, 12)))


def _damaged_in_place(folder: Path) -> None:
    path = folder / f"{FIRST}.dat"
    times, content = path.stat(), path.read_bytes()
    with path.open("r+b") as stream:  # the same inode, size and date
        stream.write(content[:-2] + b"\x07\x00")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _replaced(folder: Path) -> None:
    path = folder / f"{FIRST}.dat"
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[::-1])
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


OTHER_SAMPLES: dict[str, Callable[[Path], object]] = {
    "damaged in place": _damaged_in_place,
    "replaced by a file of equal size and date": _replaced,
    "missing": lambda folder: (folder / f"{FIRST}.dat").unlink(),
    "no header": lambda folder: (folder / f"{FIRST}.hea").unlink(),
    "another unit in the header": lambda folder: edit(folder, f"{FIRST}.hea", "/mV", "/uV"),
    "another record's header": lambda folder: shutil.copy(folder / HOME / "00012_lr.hea", folder / f"{FIRST}.hea"),
    "another record's samples": lambda folder: shutil.copy(folder / HOME / "00012_lr.dat", folder / f"{FIRST}.dat"),
}


@pytest.mark.parametrize("change", OTHER_SAMPLES.values(), ids=OTHER_SAMPLES)
@pytest.mark.parametrize("place", ["the same folder", "a copy", "a link in its place"])
def test_a_cache_entry_never_answers_for_other_samples(
    ptbxl: Path, change: Callable[[Path], object], place: str
) -> None:
    before = load(ptbxl)
    other = ptbxl
    if place != "the same folder":
        other = Path(shutil.copytree(ptbxl, ptbxl.with_name("copy")))
    change(other)
    if place == "a link in its place":
        ptbxl.rename(ptbxl.with_name("before"))
        ptbxl.symlink_to(other)
        other = ptbxl
    with pytest.raises(BadRecord, match="00006_lr"):
        load(other)
    rest = load(other, skip_bad_records=True)
    assert rest.ids.tolist() == [12, 18] and "00006_lr" in rest.dropped[0]
    assert len(before) == 3 and np.load(before.input.path).shape == (3, 12, 1000), "an open entry stays as it is"


def test_other_good_samples_are_read(ptbxl: Path) -> None:
    load(ptbxl)
    copy = Path(shutil.copytree(ptbxl, ptbxl.with_name("copy")))
    _zeroed(copy)
    assert not np.load(load(copy).input.path).any() and np.load(load(ptbxl).input.path).any()
    _zeroed(ptbxl)
    assert not np.load(load(ptbxl).input.path).any()


def test_records_that_come_back_are_used(ptbxl: Path) -> None:
    shutil.copytree(ptbxl, ptbxl.with_name("whole"))
    (ptbxl / f"{FIRST}.dat").unlink()
    assert load(ptbxl, skip_bad_records=True).ids.tolist() == [12, 18]
    shutil.copy(ptbxl.with_name("whole") / f"{FIRST}.dat", ptbxl / f"{FIRST}.dat")
    assert load(ptbxl, skip_bad_records=True).ids.tolist() == [6, 12, 18]
    calibration = load(ptbxl, "calibration", limit=100).ids.tolist()
    (ptbxl / HOME / "00001_lr.dat").unlink()
    assert load(ptbxl, "calibration", limit=100).ids.tolist() == [i for i in calibration if i != 1]


def test_files_that_change_while_they_are_read(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse_all(*given: Any) -> list[str]:
        found = wfdb_records.parse_all(*given)
        _replaced(ptbxl)
        return found

    monkeypatch.setattr(dataset, "parse_all", parse_all)
    with pytest.raises(DataError, match="changed while"):
        load(ptbxl)


def test_a_full_disk_while_parsing_names_the_cache(ptbxl: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(DiskFull, match=str(cache)):
        load(ptbxl)
    assert entries(cache) == []


def test_another_version_of_the_parser_reads_again(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(ptbxl)
    monkeypatch.setattr(dataset, "VERSION", 10**6)
    assert load(ptbxl).input.path != before.input.path


def test_a_changed_table_is_another_cache_entry(ptbxl: Path) -> None:
    before = load(ptbxl)
    edit(ptbxl, "ptbxl_database.csv", "6,\"{'IMI': 15.0, 'SR': 0.0}\",10", "6,\"{'NORM': 80.0}\",10")
    after = load(ptbxl)
    assert after.input.path != before.input.path
    assert (before.labels[0].tolist(), after.labels[0].tolist()) == ([0, 1, 0, 0, 0], [1, 0, 0, 0, 0])


def test_limit_takes_some_the_same_way_each_time(ptbxl: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(ptbxl, "train", limit=5)
    monkeypatch.setenv("EDGEBENCH_CACHE", str(cache / "another"))
    again = load(ptbxl, "train", limit=5)
    assert first.ids.tolist() == again.ids.tolist() == sorted(set(first.ids.tolist())) and len(first) == 5
    assert len(load(ptbxl, limit=100)) == 3


def test_500_hz(ptbxl: Path) -> None:
    for number in (6, 12, 18):
        signal = np.random.default_rng(number).integers(-3000, 3000, (5000, 12)) / 1000
        write(ptbxl / f"records500/00000/{number:05d}_hr", signal, rate=500)
    found = load(ptbxl, options={"rate_hz": "500"})
    assert (found.input.spec.shape, found.input.spec.rate_hz) == ((12, 5000), 500)
    physical = read(ptbxl / "records500/00000/00006_hr")
    assert np.array_equal(np.load(found.input.path)[0], np.rint(physical.T * 1000))


def test_what_is_not_asked_rightly(ptbxl: Path) -> None:
    with pytest.raises(DataError, match=r"no records500 folder.*--rate 500"):
        load(ptbxl, options={"rate_hz": "500"})
    with pytest.raises(DataError, match="pass --data-dir DIR"):
        load(None)


@pytest.mark.slow
@pytest.mark.ptbxl
def test_fold_10_of_the_real_one(ptbxl_all: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = load(ptbxl_all)
    known = dict(zip(labelled.ids.tolist(), np.load(labelled.input.path), strict=True))

    def others(paths: Sequence[Path], view: View, output: Path, progress: Progress | None) -> list[str]:
        """Records that `labelled` has are not decoded again, which takes a quarter of a minute."""
        numbers = [int(path.name.partition("_")[0]) for path in paths]
        new = [n for n in numbers if n not in known]
        chosen = [path for path, n in zip(paths, numbers, strict=True) if n in new]
        assert not any(wfdb_records.parse_all(chosen, view, tmp_path / "new.npy", progress))
        found = known | dict(zip(new, np.load(tmp_path / "new.npy"), strict=True))
        np.save(output, np.stack([found[n] for n in numbers]))
        return [""] * len(paths)

    monkeypatch.setattr(dataset, "parse_all", others)
    everything = load(ptbxl_all, keep_unlabelled=True)
    assert (len(labelled), labelled.unlabelled, labelled.dropped) == (2158, 40, ())
    assert (len(everything), everything.unlabelled) == (2198, 0)
    assert dict(zip(SUPERCLASSES, everything.labels.sum(axis=0).tolist(), strict=True)) == {
        "NORM": 963, "MI": 550, "STTC": 521, "CD": 496, "HYP": 262,
    }  # fmt: skip
    signals = np.load(everything.input.path)
    assert signals.shape == (2198, 12, 1000)
    started = time.thread_time()
    load(ptbxl_all)
    assert time.thread_time() - started < 0.2, "what a warm entry costs"
    assert np.abs(signals.astype(np.int32)).max() < 32_768 and not (signals == -32_768).any()
