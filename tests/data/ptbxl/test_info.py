from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgebench.core.datasets import SplitInfo
from edgebench.core.errors import DataError
from edgebench.data.ptbxl.dataset import DATASET


def test_counts_what_is_there_and_what_is_missing(ptbxl: Path) -> None:
    home = ptbxl / "records100" / "00000"
    (home / "00006_lr.dat").unlink()  # fold 10
    (home / "00012_lr.hea").unlink()
    (home / "00001_lr.dat").unlink()  # fold 1
    found = {row.split: row for row in DATASET.info(ptbxl)}
    assert list(found) == [
        *(f"100 Hz, fold {n} (train)" for n in (1, 2, 3, 4)), "100 Hz, fold 9 (validation)", "100 Hz, fold 10 (test)",
        "500 Hz",
    ]  # fmt: skip
    way = f"edgebench data fetch ptbxl {ptbxl} --folds 1,10 --rate 100"
    assert found["100 Hz, fold 10 (test)"] == SplitInfo("100 Hz, fold 10 (test)", 4, 2, 0, 1, way)
    assert found["100 Hz, fold 9 (validation)"].missing == 0 and not found["100 Hz, fold 9 (validation)"].note
    assert found["100 Hz, fold 1 (train)"].missing == 1
    assert found["500 Hz"].records == found["500 Hz"].missing == 24 and found["500 Hz"].note.endswith("--rate 500")


def test_one_fold_at_the_other_rate(ptbxl: Path) -> None:
    (ptbxl / "records500").mkdir()
    shutil.copytree(ptbxl / "records100" / "00000", ptbxl / "records500" / "00000")
    for path in (ptbxl / "records500" / "00000").iterdir():
        path.rename(path.with_name(path.name.replace("_lr", "_hr")))
    assert sum(row.records - row.missing for row in DATASET.info(ptbxl) if row.split.startswith("500 Hz, fold")) == 24


def test_likelihoods_decide_who_has_a_class(ptbxl: Path) -> None:
    def labelled(least: int) -> int:
        rows = DATASET.info(ptbxl, {"min_likelihood": str(least)})
        return next(row.records - row.unlabelled for row in rows if "fold 10" in row.split)

    assert [labelled(least) for least in (0, 15, 50, 100)] == [3, 2, 1, 1]


def test_a_table_without_one_rate(ptbxl: Path) -> None:
    table = ptbxl / "ptbxl_database.csv"
    table.write_text(table.read_text().replace("filename_hr", "another"))
    assert all(row.split.startswith("100 Hz") for row in DATASET.info(ptbxl))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        DATASET.info(tmp_path / "nowhere")
    with pytest.raises(DataError, match="needs its folder"):
        DATASET.info(None)
