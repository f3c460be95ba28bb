from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import wfdb
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.contracts import DataRequest, RecordSet, Split
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.ptbxl import wfdb_records
from edgebench.data.signals import LEADS, SUPERCLASSES, open_signals, to_millivolts

HOME = "records100/00000"
FIRST = f"{HOME}/00006_lr"  # the first record of fold 10


def load(folder: Path | None, split: Split = "test", **options: object) -> RecordSet:
    return registry.dataset("ptbxl").load(DataRequest(split, folder, **options))  # type: ignore[arg-type]


def read(record: Path) -> NDArray[np.float64]:
    return np.asarray(wfdb.rdrecord(str(record)).p_signal)


def write(
    record: Path, signal: NDArray[np.float64], leads: Sequence[str] = LEADS, rate: int = 100, unit: str = "mV"
) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    count = len(leads)
    wfdb.wrsamp(
        record.name, fs=rate, units=[unit] * count, sig_name=list(leads), p_signal=signal, fmt=["16"] * count,
        adc_gain=[1000.0] * count, baseline=[0] * count, write_dir=str(record.parent),
    )  # fmt: skip


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_splits_are_the_folds(ptbxl: Path) -> None:
    ids = {split: load(ptbxl, split, keep_unlabelled=True).ids.tolist() for split in ("test", "validation", "train")}
    assert ids["test"] == [6, 12, 18, 24]
    assert ids["validation"] == [5, 11, 17, 23]
    assert ids["train"] == [i for i in range(1, 25) if i % 6 not in (0, 5)]


def test_every_diagnostic_statement_counts_whatever_its_likelihood(ptbxl: Path) -> None:
    found = load(ptbxl, "validation")
    assert found.classes == SUPERCLASSES == ("NORM", "MI", "STTC", "CD", "HYP")
    assert found.labels.dtype == np.uint8
    assert found.labels.tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]]


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


def test_leads_in_another_order_are_put_in_order(ptbxl: Path) -> None:
    physical = read(ptbxl / FIRST)
    names = [name.replace("AV", "aV") for name in reversed(LEADS)]
    write(ptbxl / FIRST, physical[:, ::-1], names)
    assert np.array_equal(open_signals(load(ptbxl).signals)[0], np.rint(physical.T * 1000))


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


def test_calibration_is_on_the_training_records_that_are_there(ptbxl: Path) -> None:
    there = {1, 2, 8}
    for file in (ptbxl / HOME).glob("*_lr.dat"):
        if int(file.name[:5]) not in there | {6, 12}:
            file.unlink()
    assert set(load(ptbxl, "calibration").ids.tolist()) == there
    for number in there:
        (ptbxl / HOME / f"{number:05d}_lr.dat").unlink()
    with pytest.raises(DataError, match=r"calibrate int8 on; fetch .*--folds 1 --rate 100$"):
        load(ptbxl, "calibration", limit=2)


def test_many_records_are_parsed_in_parallel_in_their_order(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wfdb_records, "CHUNK", 5)
    (ptbxl / HOME / "00013_lr.dat").unlink()
    steps: list[tuple[int, int]] = []
    request = DataRequest("train", ptbxl, keep_unlabelled=True, skip_bad_records=True)
    found = registry.dataset("ptbxl").load(request, lambda done, total: steps.append((done, total)))
    assert 13 not in found.ids and len(found) == 15
    for number, signal in zip(found.ids, open_signals(found.signals), strict=True):
        assert np.array_equal(signal, np.rint(read(ptbxl / HOME / f"{number:05d}_lr").T * 1000))
    assert len(steps) == 4 and steps[-1] == (16, 16)


def test_500_hz(ptbxl: Path) -> None:
    for number in (6, 12, 18):
        signal = np.random.default_rng(number).integers(-3000, 3000, (5000, 12)) / 1000
        write(ptbxl / f"records500/00000/{number:05d}_hr", signal, rate=500)
    found = load(ptbxl, rate_hz=500)
    assert (found.input.samples, found.input.rate_hz) == (5000, 500)
    physical = read(ptbxl / "records500/00000/00006_hr")
    assert np.array_equal(open_signals(found.signals)[0], np.rint(physical.T * 1000))


def _with_nan(folder: Path) -> None:
    signal = read(folder / FIRST)
    signal[10:15, 3] = np.nan
    write(folder / FIRST, signal)


BAD_RECORDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no samples file": (lambda f: (f / f"{FIRST}.dat").unlink(), r"00006_lr\.dat: missing"),
    "no header": (lambda f: (f / f"{FIRST}.hea").unlink(), r"00006_lr\.hea: missing"),
    "half a file": (lambda f: (f / f"{FIRST}.dat").write_bytes(bytes(12_000)), r"00006_lr\.dat: truncated"),
    "one row short": (lambda f: (f / f"{FIRST}.dat").write_bytes(bytes(23_976)), r"00006_lr\.dat: truncated"),
    "empty": (lambda f: (f / f"{FIRST}.dat").write_bytes(b""), r"00006_lr\.dat: truncated"),
    "eleven leads": (lambda f: write(f / FIRST, read(f / FIRST)[:, :11], LEADS[:11]), r"00006_lr\.hea: 11 leads"),
    "strange lead": (lambda f: write(f / FIRST, read(f / FIRST), [*LEADS[:11], "V7"]), r"00006_lr\.hea: .*V7; needed"),
    "too short": (lambda f: write(f / FIRST, read(f / FIRST)[:900]), r"00006_lr\.dat: 900 samples where 1000"),
    "wrong rate": (lambda f: write(f / FIRST, read(f / FIRST), rate=250), r"00006_lr\.hea: sampled at 250 Hz"),
    "wrong unit": (lambda f: write(f / FIRST, read(f / FIRST), unit="uV"), r"00006_lr\.hea: in uV, not in mV"),
    "missing samples": (_with_nan, r"00006_lr\.dat: 5 missing samples \(NaN\)"),
}


@pytest.mark.parametrize("damage", BAD_RECORDS)
def test_a_bad_record_stops_or_is_left_out(ptbxl: Path, cache: Path, damage: str) -> None:
    spoil, pattern = BAD_RECORDS[damage]
    spoil(ptbxl)
    with pytest.raises(BadRecord, match=rf"^{ptbxl}/.*{pattern}.*--skip-bad-records$") as caught:
        load(ptbxl)
    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []
    rest = load(ptbxl, skip_bad_records=True)
    assert (rest.ids.tolist(), rest.labels.shape, len(rest.dropped)) == ([12, 18], (2, 5), 1)
    assert FIRST in rest.dropped[0]
    assert np.array_equal(open_signals(rest.signals)[1], np.rint(read(ptbxl / HOME / "00018_lr").T * 1000))


def test_several_bad_records(ptbxl: Path) -> None:
    _with_nan(ptbxl)
    (ptbxl / HOME / "00012_lr.dat").unlink()
    with pytest.raises(BadRecord, match=r"00006_lr.*\(and 1 more bad records\)"):
        load(ptbxl)
    dropped = load(ptbxl, skip_bad_records=True).dropped
    assert ["NaN" in dropped[0], "00012_lr.dat: missing" in dropped[1]] == [True, True]
    (ptbxl / HOME / "00018_lr.hea").unlink()
    with pytest.raises(DataError, match="every record of the test split is bad"):
        load(ptbxl, skip_bad_records=True, limit=50)


BAD_FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (
        lambda f: f.rename(f.with_name("away")),
        "no such folder; this fetches PTB-XL into one: edgebench data fetch ptbxl FOLDER$",
    ),
    "no database": (lambda f: (f / "ptbxl_database.csv").unlink(), "no ptbxl_database.csv there; fetch it"),
    "no statements": (lambda f: (f / "scp_statements.csv").unlink(), "no scp_statements.csv there; fetch it"),
    "empty table": (lambda f: (f / "ptbxl_database.csv").write_text(""), "ptbxl_database.csv: not a readable.*fetch"),
    "no fold column": (lambda f: edit(f, "ptbxl_database.csv", "strat_fold", "x"), "no column 'strat_fold'; fetch"),
    "no class column": (lambda f: edit(f, "scp_statements.csv", "_class", "x"), "no column 'diagnostic_class'; fetch"),
    "no file column": (lambda f: edit(f, "ptbxl_database.csv", "filename_lr", "x"), "no column 'filename_lr'"),
    "no dictionary": (lambda f: edit(f, "ptbxl_database.csv", "{'NDT': 0.0}", "{'NDT'"), "ecg_id 12: scp_codes is not"),
    "unhashable": (lambda f: edit(f, "ptbxl_database.csv", "{'NDT': 0.0}", "{[]: 1}"), "ecg_id 12: scp_codes is not"),
    "fold missing": (lambda f: edit(f, "ptbxl_database.csv", ",10,", ",,"), "'strat_fold' holds .* not a whole"),
    "fold a word": (lambda f: edit(f, "ptbxl_database.csv", ",10,", ",ten,"), "'strat_fold' holds .* not a whole"),
    "unknown class": (
        lambda f: edit(f, "scp_statements.csv", ",CD\n", ",XX\n"),
        r"diagnostic_class \['XX'\]; expected",
    ),
    "empty fold": (lambda f: edit(f, "ptbxl_database.csv", ",10,", ",8,"), "no record in the test split .*fetch that"),
    "no records": (lambda f: (f / "records100").rename(f / "x"), "no records100 folder.*fetch them: .*--rate 100"),
}


@pytest.mark.parametrize("damage", BAD_FOLDERS)
def test_a_bad_folder_is_one_clear_line(ptbxl: Path, cache: Path, damage: str) -> None:
    spoil, pattern = BAD_FOLDERS[damage]
    spoil(ptbxl)
    with pytest.raises(DataError, match=pattern) as caught:
        load(ptbxl, skip_bad_records=True)
    assert "\n" not in str(caught.value) and str(ptbxl) in str(caught.value)
    assert not cache.exists() or list(cache.iterdir()) == []


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
