from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.errors import DataError
from edgebench.data.info import FoldInfo, info


def test_counts_what_is_there_and_what_is_missing(ptbxl: Path) -> None:
    home = ptbxl / "records100" / "00000"
    (home / "00006_lr.dat").unlink()  # fold 10
    (home / "00012_lr.hea").unlink()
    (home / "00001_lr.dat").unlink()  # fold 1
    found = {(row.rate_hz, row.fold): row for row in info(ptbxl)}
    assert set(found) == {(rate, fold) for rate in (100, 500) for fold in (1, 2, 3, 4, 9, 10)}
    assert found[100, 10] == FoldInfo(10, 100, records=4, present=2, labelled=3)
    assert found[100, 9] == FoldInfo(9, 100, records=4, present=4, labelled=4)
    assert found[100, 1].present == 3
    assert {row.present for row in found.values() if row.rate_hz == 500} == {0}


def test_likelihoods_decide_who_has_a_class(ptbxl: Path) -> None:
    labelled = [{row.fold: row.labelled for row in info(ptbxl, least)}[10] for least in (0, 15, 50, 100)]
    assert labelled == [3, 2, 1, 1]


def test_a_table_without_one_rate(ptbxl: Path) -> None:
    table = ptbxl / "ptbxl_database.csv"
    table.write_text(table.read_text().replace("filename_hr", "another"))
    assert {row.rate_hz for row in info(ptbxl)} == {100}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        info(tmp_path / "nowhere")
