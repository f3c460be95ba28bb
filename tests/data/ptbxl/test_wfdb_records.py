"""Records in WFDB files: read in order, and refused where they are damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ptbxl_files import FIRST, HOME, entries, load, read, write

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.ptbxl import wfdb_records
from edgebench.data.ptbxl.index import read_index
from edgebench.data.signals import LEADS


def test_leads_in_another_order_are_put_in_order(ptbxl: Path) -> None:
    physical = read(ptbxl / FIRST)
    names = [name.replace("AV", "aV") for name in reversed(LEADS)]
    write(ptbxl / FIRST, physical[:, ::-1], names)
    assert np.array_equal(np.load(load(ptbxl).input.path)[0], np.rint(physical.T * 1000))


def test_many_records_are_parsed_in_parallel_in_their_order(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wfdb_records, "CHUNK", 5)
    (ptbxl / HOME / "00013_lr.dat").unlink()
    steps: list[tuple[int, int]] = []
    request = DataRequest("train", ptbxl, keep_unlabelled=True, skip_bad_records=True)
    found = registry.dataset("ptbxl").load(request, lambda done, total: steps.append((done, total)))
    assert 13 not in found.ids and len(found) == 15
    for number, signal in zip(found.ids, np.load(found.input.path), strict=True):
        assert np.array_equal(signal, np.rint(read(ptbxl / HOME / f"{number:05d}_lr").T * 1000))
    assert len(steps) == 4 and steps[-1] == (16, 16)


def _with_nan(folder: Path) -> None:
    signal = read(folder / FIRST)
    signal[10:15, 3] = np.nan
    write(folder / FIRST, signal)


def _with_one_bit(folder: Path) -> None:
    path = folder / f"{FIRST}.dat"
    content = bytearray(path.read_bytes())
    content[24 * 500 + 2 * 2] ^= 1  # of lead III
    path.write_bytes(content)


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
    "wrong unit": (lambda f: write(f / FIRST, read(f / FIRST), unit="uV"), r"00006_lr\.hea: lead I: in uV, not in mV"),
    "too long": (lambda f: (f / f"{FIRST}.dat").write_bytes(bytes(24_001)), r"00006_lr\.dat: too long"),
    "zeros": (lambda f: (f / f"{FIRST}.dat").write_bytes(bytes(24_000)), r"00006_lr\.dat: checksum of lead I differs"),
    "one bit": (_with_one_bit, r"00006_lr\.dat: checksum of lead III differs from its header"),
    "missing samples": (_with_nan, r"00006_lr\.dat: 5 missing samples \(NaN\)"),
}


@pytest.mark.parametrize("damage", BAD_RECORDS)
def test_a_bad_record_stops_or_is_left_out(ptbxl: Path, cache: Path, damage: str) -> None:
    spoil, pattern = BAD_RECORDS[damage]
    spoil(ptbxl)
    with pytest.raises(BadRecord, match=rf"^{ptbxl}/.*{pattern}.*--skip-bad-records$") as caught:
        load(ptbxl)
    assert "\n" not in str(caught.value)
    assert entries(cache) == []
    rest = load(ptbxl, skip_bad_records=True)
    assert (rest.ids.tolist(), rest.labels.shape, len(rest.dropped)) == ([12, 18], (2, 5), 1)
    assert FIRST in rest.dropped[0]
    assert np.array_equal(np.load(rest.input.path)[1], np.rint(read(ptbxl / HOME / "00018_lr").T * 1000))


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


@pytest.mark.ptbxl
def test_real_records_are_as_wfdb_reads_them(ptbxl_all: Path) -> None:
    """A few of them; their checksums fit."""
    names = read_index(ptbxl_all).names(100, range(0, 21_799, 700))
    for name in names:
        expected = np.rint(read(ptbxl_all / name).T * 1000)
        assert np.array_equal(wfdb_records.parse(ptbxl_all / name, 100, 1000), expected)
