from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ptbxl_files import HOME, edit, load, read, write

from edgebench.core.errors import DataError
from edgebench.data.signals import SUPERCLASSES, open_signals, to_millivolts


def test_records_without_a_class_go_unless_they_are_kept(ptbxl: Path) -> None:
    labelled, everything = load(ptbxl), load(ptbxl, keep_unlabelled=True)
    assert (len(labelled), labelled.unlabelled, labelled.ids.tolist()) == (3, 1, [6, 12, 18])
    assert (len(everything), everything.unlabelled) == (4, 0)
    assert not everything.labels[3].any()


def test_values_are_those_of_the_files(ptbxl: Path) -> None:
    signals = open_signals(load(ptbxl).signals)
    assert signals.dtype == np.int16 and signals.shape == (3, 12, 1000)
    for row, number in enumerate((6, 12, 18)):
        physical = read(ptbxl / HOME / f"{number:05d}_lr")
        assert np.array_equal(signals[row], np.rint(physical.T * 1000))
        assert np.array_equal(to_millivolts(signals[row]), physical.T.astype(np.float32))


def test_a_second_load_reads_the_cache(ptbxl: Path) -> None:
    before = load(ptbxl)
    for file in (ptbxl / HOME).iterdir():
        file.unlink()
    after = load(ptbxl)
    assert after.signals == before.signals
    assert np.array_equal(after.labels, before.labels) and np.array_equal(after.ids, before.ids)


def test_a_changed_table_is_another_cache_entry(ptbxl: Path) -> None:
    before = load(ptbxl)
    edit(ptbxl, "ptbxl_database.csv", "6,\"{'IMI': 15.0, 'SR': 0.0}\",10", "6,\"{'NORM': 80.0}\",10")
    after = load(ptbxl)
    assert after.signals != before.signals
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
    found = load(ptbxl, rate_hz=500)
    assert (found.input.samples, found.input.rate_hz) == (5000, 500)
    physical = read(ptbxl / "records500/00000/00006_hr")
    assert np.array_equal(open_signals(found.signals)[0], np.rint(physical.T * 1000))


def test_what_is_not_asked_rightly(ptbxl: Path) -> None:
    with pytest.raises(DataError, match="no 250 Hz records; choose 100 or 500"):
        load(ptbxl, rate_hz=250)
    with pytest.raises(DataError, match=r"no records500 folder.*--rate 500"):
        load(ptbxl, rate_hz=500)
    with pytest.raises(DataError, match="pass --data-dir DIR"):
        load(None)


@pytest.mark.ptbxl
def test_fold_10_of_the_real_one(ptbxl_all: Path) -> None:
    labelled, everything = load(ptbxl_all), load(ptbxl_all, keep_unlabelled=True)
    assert (len(labelled), labelled.unlabelled, labelled.dropped) == (2158, 40, ())
    assert (len(everything), everything.unlabelled) == (2198, 0)
    assert dict(zip(SUPERCLASSES, everything.labels.sum(axis=0).tolist(), strict=True)) == {
        "NORM": 963, "MI": 550, "STTC": 521, "CD": 496, "HYP": 262,
    }  # fmt: skip
    signals = open_signals(everything.signals)
    assert signals.shape == (2198, 12, 1000)
    assert np.abs(signals.astype(np.int32)).max() < 32_768 and not (signals == -32_768).any()
