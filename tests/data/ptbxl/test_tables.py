"""Where the tables are, and texts that are no tables."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ptbxl_files import edit, load

from edgebench.core.errors import DataError
from edgebench.data.ptbxl import tables
from edgebench.data.ptbxl.tables import DATABASE, STATEMENTS


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_folder_that_has_them_is_named(ptbxl: Path, depth: int) -> None:
    top = ptbxl.with_name("kaggle")
    home = top.joinpath(*"abcd"[:depth])
    home.parent.mkdir(parents=True)
    ptbxl.rename(home)
    with pytest.raises(DataError) as caught:
        load(top)
    assert f"{home}: give that" in str(caught.value)


def test_too_deep_several_and_above(ptbxl: Path) -> None:
    with pytest.raises(DataError, match=f"in {ptbxl}: give that"):
        load(ptbxl / "records100")
    top = ptbxl.parent / "top"
    deep = top / "1" / "2" / "3" / "4" / "5"
    deep.mkdir(parents=True)
    (deep / DATABASE).write_text("")
    with pytest.raises(DataError, match="fetch it with"):
        load(top)
    for name in ("b", "a"):
        (top / name).mkdir()
        (top / name / DATABASE).write_text("")
    with pytest.raises(DataError, match=f"in 2 folders.*{top / 'a'}$"):
        load(top)


def test_the_look_around_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_FOLDERS", 3)
    (tmp_path / "loop").symlink_to(tmp_path)
    for number in range(20):
        (tmp_path / f"{number:02}" / "below").mkdir(parents=True)
    with pytest.raises(DataError, match="fetch it with"):
        tables.require_tables(tmp_path)


def test_a_large_table_is_not_read(ptbxl: Path) -> None:
    with (ptbxl / STATEMENTS).open("r+b") as stream:
        stream.truncate(10 * 2**30)  # of holes
    with pytest.raises(DataError, match="more than 64 MiB"):
        load(ptbxl)
    (ptbxl / STATEMENTS).unlink()
    os.mkfifo(ptbxl / STATEMENTS)
    with pytest.raises(DataError, match=STATEMENTS):
        load(ptbxl)


BAD = {
    "not UTF-8": b"ecg_id\n\xff\xfe\n",
    "open quote": b'ecg_id,x\n1,"' + b"x" * 300_000,
    "more values than columns": b"ecg_id\n1,2\n",
    "only columns": b"ecg_id,scp_codes\n",
    "nothing": b"",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_no_tables(ptbxl: Path, content: bytes) -> None:
    (ptbxl / DATABASE).write_bytes(content)
    with pytest.raises(DataError, match=str(ptbxl / DATABASE)):
        load(ptbxl)


def test_a_byte_order_mark_and_windows_lines(ptbxl: Path) -> None:
    before = load(ptbxl).ids.tolist()
    for name in (DATABASE, STATEMENTS):
        path = ptbxl / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(ptbxl).ids.tolist() == before


def test_backslashes_are_slashes(ptbxl: Path) -> None:
    table = ptbxl / DATABASE
    table.write_text(table.read_text().replace("records100/00000/", ".\\records100\\00000\\"))
    assert load(ptbxl).ids.tolist() == [6, 12, 18]


@pytest.mark.parametrize("name", ["../00006_lr", "/etc/passwd", "records100/../../x", "..\\x", "", "x\ty", "x" * 5000])
def test_names_that_lead_out_of_the_folder(ptbxl: Path, name: str) -> None:
    edit(ptbxl, DATABASE, "records100/00000/00006_lr", name)
    with pytest.raises(DataError, match="ecg_id 6: filename_lr"):
        load(ptbxl, skip_bad_records=True)


@pytest.mark.parametrize("value", ["9" * 400, "-1", "1.5", "nan", "inf", "1e3", "0x10", "", "१"])
def test_numbers_of_records_that_are_none(ptbxl: Path, value: str) -> None:
    edit(ptbxl, DATABASE, "\n6,", f"\n{value},")
    started = time.thread_time()
    with pytest.raises(DataError, match=f"{DATABASE}: column 'ecg_id' .*row 6") as caught:
        load(ptbxl)
    assert len(str(caught.value)) < 400 and time.thread_time() - started < 1


@pytest.mark.parametrize("fold", ["0", "11", "-10", "1" * 30])
def test_folds_that_do_not_exist(ptbxl: Path, fold: str) -> None:
    edit(ptbxl, DATABASE, ",10,", f",{fold},")
    with pytest.raises(DataError, match=r"'strat_fold' holds .*from 1 to 10"):
        load(ptbxl)


def test_a_record_that_is_there_twice(ptbxl: Path) -> None:
    edit(ptbxl, DATABASE, "\n6,", "\n12,")
    with pytest.raises(DataError, match="ecg_id 12 is there twice"):
        load(ptbxl)


def test_a_bomb_of_statements_names_its_record(ptbxl: Path) -> None:
    edit(ptbxl, DATABASE, "\"{'IMI': 15.0, 'SR': 0.0}\",10", "{" + "-" * 20_000 + "1: 1},10")
    with pytest.raises(DataError, match=f"{DATABASE}: ecg_id 6: scp_codes") as caught:
        load(ptbxl)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("least", "labelled"), [(0, [6, 12, 18]), (15, [6, 18]), (15.5, [18]), (60, [18])])
def test_least_likelihood(ptbxl: Path, least: float, labelled: list[int]) -> None:
    found = load(ptbxl, options={"min_likelihood": str(least)})
    assert found.ids.tolist() == labelled and found.unlabelled == 4 - len(labelled)
    assert found.labels[-1].tolist() == [0, 0, 0, 1, int(least <= 50)]  # LAFB 100 %, LVH 50 %
    assert (f"{least:g}" in found.label) == bool(least)


@pytest.mark.parametrize("least", [-1, 101, float("nan")])
def test_likelihoods_that_do_not_exist(ptbxl: Path, least: float) -> None:
    with pytest.raises(DataError, match="min_likelihood"):
        load(ptbxl, options={"min_likelihood": str(least)})
