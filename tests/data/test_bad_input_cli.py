"""Each kind of bad PTB-XL, as the command line answers it: one line, exit code 2, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import edgebench_here

RECORD = "records100/00000/00006_lr"
"""The first record of fold 10."""


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def truncate(folder: Path) -> None:
    path = folder / f"{RECORD}.dat"
    path.write_bytes(path.read_bytes()[:1000])


def zero(folder: Path) -> None:
    path = folder / f"{RECORD}.dat"
    path.write_bytes(bytes(path.stat().st_size))


def put_nan(folder: Path) -> None:
    path = folder / f"{RECORD}.dat"
    path.write_bytes(b"\x00\x80" + path.read_bytes()[2:])  # -32768 is WFDB's missing sample


def drop_a_lead(folder: Path) -> None:
    import wfdb

    home = folder / RECORD
    record = wfdb.rdrecord(str(home))
    wfdb.wrsamp(
        home.name, fs=100, units=["mV"] * 11, sig_name=record.sig_name[:11], p_signal=record.p_signal[:, :11],
        fmt=["16"] * 11, adc_gain=[1000.0] * 11, baseline=[0] * 11, write_dir=str(home.parent),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit("ptbxl_database.csv", "strat_fold", "fold"), "no column 'strat_fold'"),
        (edit("ptbxl_database.csv", "{'NORM': 100.0}", "NORM"), "scp_codes is not a dictionary"),
        (lambda folder: (folder / f"{RECORD}.dat").unlink(), "00006_lr.dat: missing"),
        (truncate, "00006_lr.dat"),
        (zero, "checksum of lead I differs from its header"),
        (put_nan, "missing samples (NaN)"),
        (drop_a_lead, "11 leads where 12 are needed"),
        (edit(f"{RECORD}.hea", " 12 100 1000", " 12 250 1000"), "250 Hz"),
        (edit("ptbxl_database.csv", ",10,", ",8,"), "no record in the test split"),
    ],
    ids=["column", "scp_codes", "missing", "truncated", "zeroed", "nan", "leads", "rate", "fold"],
)
def test_one_line_and_exit_code_2(change: Callable[[Path], None], said: str, ptbxl: Path, tmp_path: Path) -> None:
    change(ptbxl)
    done = edgebench_here(
        "run", "--dataset", "ptbxl", "--data-dir", ptbxl, "--exporter", "eager", "-o", tmp_path / "run", cwd=tmp_path,
        EDGEBENCH_CACHE=str(tmp_path / "cache"),  # another test may have read the same records before they were damaged
    )  # fmt: skip
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert done.returncode == 2, done.stderr
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
