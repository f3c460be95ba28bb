"""The tables of PTB-XL: folds, classes, and tables that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import snapshots
from ptbxl_files import HOME, edit, entries, load

from edgebench.core.errors import DataError
from edgebench.data.signals import SUPERCLASSES


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


BAD_FOLDERS: dict[str, Callable[[Path], object]] = {
    "no folder": lambda f: f.rename(f.with_name("away")),
    "no database": lambda f: (f / "ptbxl_database.csv").unlink(),
    "no statements": lambda f: (f / "scp_statements.csv").unlink(),
    "empty table": lambda f: (f / "ptbxl_database.csv").write_text(""),
    "no fold column": lambda f: edit(f, "ptbxl_database.csv", "strat_fold", "x"),
    "no class column": lambda f: edit(f, "scp_statements.csv", "_class", "x"),
    "no file column": lambda f: edit(f, "ptbxl_database.csv", "filename_lr", "x"),
    "no dictionary": lambda f: edit(f, "ptbxl_database.csv", "{'NDT': 0.0}", "{'NDT'"),
    "unhashable": lambda f: edit(f, "ptbxl_database.csv", "{'NDT': 0.0}", "{[]: 1}"),
    "fold missing": lambda f: edit(f, "ptbxl_database.csv", ",10,", ",,"),
    "fold a word": lambda f: edit(f, "ptbxl_database.csv", ",10,", ",ten,"),
    "unknown class": lambda f: edit(f, "scp_statements.csv", ",CD\n", ",XX\n"),
    "empty fold": lambda f: edit(f, "ptbxl_database.csv", ",10,", ",8,"),
    "no records": lambda f: (f / "records100").rename(f / "x"),
}


@pytest.mark.parametrize("damage", BAD_FOLDERS)
def test_a_bad_folder_is_one_line(ptbxl: Path, cache: Path, damage: str) -> None:
    BAD_FOLDERS[damage](ptbxl)
    with pytest.raises(DataError) as caught:
        load(ptbxl, skip_bad_records=True)
    assert str(ptbxl) in str(caught.value)
    snapshots.check_line("errors-ptbxl", damage, str(caught.value).replace(str(ptbxl), "FOLDER"))
    assert entries(cache) == []
