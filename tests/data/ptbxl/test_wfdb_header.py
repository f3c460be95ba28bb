"""Headers of WFDB records, and what is refused in them at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ptbxl_files import FIRST, load, read

from edgebench.core.errors import BadRecord
from edgebench.data.ptbxl.wfdb_records import parse
from edgebench.data.signals import LEADS

HEADER = f"{FIRST}.hea"
Change = Callable[[str], str]


def replaced(old: str, new: str, count: int = -1) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return change


def without_sums(text: str) -> str:
    first, *leads = text.splitlines()
    return "\n".join([first, *(" ".join([*line.split()[:5], line.split()[-1]]) for line in leads)])


GOOD: dict[str, Change] = {
    "comments and blank lines": lambda text: f"# Größe\n\n{text}\n#Age: 50\n",
    "windows lines": replaced("\n", "\r\n"),
    "no checksums": without_sums,
    "no number of samples": replaced(" 12 100 1000", " 12 100"),
    "time and date": replaced(" 12 100 1000", " 12 100/100(0) 1000 12:00:00 01/01/1990"),
    "no baseline": replaced("1000.0(0)/mV", "1000/mV"),
    "no unit": replaced("1000.0(0)/mV", "1e3"),
}


@pytest.mark.parametrize("change", GOOD.values(), ids=GOOD)
def test_other_ways_of_writing_the_same(ptbxl: Path, change: Change) -> None:
    physical = read(ptbxl / FIRST)
    path = ptbxl / HEADER
    path.write_bytes(change(path.read_text()).encode("latin-1"))
    assert np.array_equal(parse(ptbxl / FIRST, 100, 1000), np.rint(physical.T * 1000))


BAD: dict[str, tuple[Change, str]] = {
    "999,999,999 signals": (replaced(" 12 100", " 999999999 100"), "999999999 leads where 12 are needed"),
    "signals without end": (replaced(" 12 100", f" {'9' * 5000} 100"), "not a WFDB header"),
    "negative": (replaced(" 12 100", " -12 100"), "not a WFDB header"),
    "999,999,999 samples": (replaced(" 12 100 1000", " 12 100 999999999"), "999999999 samples where 1000"),
    "negative samples": (replaced(" 12 100 1000", " 12 100 -1000"), "'-1000' is not a number of samples"),
    "segments": (replaced("_lr 12 ", "_lr/2 12 ", 1), "several segments"),
    "escape sequences": (replaced(".dat 16 ", ".dat \x1b[31m\x00\u2028 "), "in WFDB's format"),
    "a line short": (lambda text: "\n".join(text.splitlines()[:-1]), "11 lines of leads"),
    "empty": (lambda text: "", "not a WFDB header"),
    "huge": (lambda text: text + "#" * 100_000, "more than 65536 bytes"),
    "another format": (replaced(".dat 16 ", ".dat 212 "), "format '212'"),
    "several samples a frame": (replaced(".dat 16 ", ".dat 16x2 "), "stored as '16x2'"),
    "shifted": (replaced(".dat 16 ", ".dat 16:5 "), "stored as '16:5'"),
    "beginning later": (replaced(".dat 16 ", ".dat 16+24 "), "stored as '16[+]24'"),
    "no gain": (replaced("1000.0(0)/mV", "0(0)/mV"), "gain '0"),
    "gain not a number": (replaced("1000.0(0)/mV", "nan(0)/mV"), "gain 'nan"),
    "gain without bounds": (replaced("1000.0(0)/mV", "1e999(0)/mV"), "gain '1e999"),
    "thousands": (replaced("1000.0(0)/mV", "1,000(0)/mV"), "gain '1,000"),
    "one lead in µV": (replaced("1000.0(0)/mV", "1000.0(0)/uV", 1), "lead I: in uV, not in mV"),
    "a lead twice": (replaced(" V6", " V5"), "needed: I, II"),
    "another record's samples": (replaced("00006_lr.dat", "00012_lr.dat"), "in '00012_lr.dat', not in 00006_lr.dat"),
    "samples out of the folder": (replaced("00006_lr.dat", "../../x.dat"), "'../../x.dat', not in"),
    "a tiny gain": (replaced("1000.0(0)", "1e-300(0)"), "beyond ±32.767 mV"),
    "a large baseline": (replaced("1000.0(0)", "1000.0(999999999)"), "beyond ±32.767 mV"),
}


@pytest.mark.parametrize("damage", BAD)
def test_a_header_that_does_not_fit_is_a_bad_record_at_once(ptbxl: Path, damage: str) -> None:
    change, reason = BAD[damage]
    path = ptbxl / HEADER
    path.write_text(change(path.read_text()))
    started = time.thread_time()
    with pytest.raises(BadRecord, match=reason) as caught:
        parse(ptbxl / FIRST, 100, 1000)
    assert time.thread_time() - started < 0.5 and str(caught.value).isprintable()
    rest = load(ptbxl, skip_bad_records=True)
    assert rest.ids.tolist() == [12, 18] and len(rest.dropped) == 1


@pytest.mark.parametrize("suffix", [".hea", ".dat"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop", "huge"])
def test_what_is_no_file_is_a_bad_record_at_once(ptbxl: Path, suffix: str, kind: str) -> None:
    path = ptbxl / f"{FIRST}{suffix}"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as stream:
            stream.truncate(2**40)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)
    with pytest.raises(BadRecord, match=path.name):
        parse(ptbxl / FIRST, 100, 1000)


def test_each_lead_has_its_own_gain_and_baseline(ptbxl: Path) -> None:
    path = ptbxl / HEADER
    plain = parse(ptbxl / FIRST, 100, 1000)
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace("1000.0(0)/mV", "500.0(100)/mV")
    path.write_text("\n".join(lines))
    found = parse(ptbxl / FIRST, 100, 1000)
    assert np.array_equal(found[1], (plain[1] - 100) * 2) and np.array_equal(found[2:], plain[2:])
    assert np.array_equal(found, np.rint(read(ptbxl / FIRST).T * 1000)), LEADS
