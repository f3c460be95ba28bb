from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.errors import DataError
from edgebench.data.echonet.file_list import read

HEADER = "FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split\n"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "FileList.csv").write_text(header + "".join(f"{row}\n" for row in rows))
    return folder


def test_rows(tmp_path: Path) -> None:
    write(
        tmp_path, "0XA,55.5,40,90,112,112,50,174,TRAIN", "", "0XB.avi,,,,112,112,50,,val", "0XC,6e1,1,2,1,1,1,12.0,TEST"
    )
    train, validation, test = read(tmp_path)
    assert (train.name, train.split, train.value, train.frames) == ("0XA", "TRAIN", 55.5, 174)
    assert train.path == tmp_path / "Videos" / "0XA.avi" and not train.problem
    assert (validation.name, validation.split, validation.value, validation.frames) == ("0XB", "VAL", None, 0)
    assert (test.value, test.frames) == (60.0, 12)
    assert read(tmp_path, "EDV")[0].value == 90


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("nan", "finite"), ("inf", "finite"), ("9" * 400, "finite"), ("9" * 5000, "number"), ("x", "not a number"),
        ("101", "from 0 to 100"), ("-1", "from 0 to 100"), ("0x10", "not a number"),
    ],
)  # fmt: skip
def test_a_target_that_is_none_is_a_problem_of_its_row(cell: str, said: str, tmp_path: Path) -> None:
    (video,) = read(write(tmp_path, f"0XA,{cell},40,90,112,112,50,{'9' * 400},TRAIN"))
    assert said in video.problem and "0XA" in video.problem and "\n" not in video.problem and video.frames == 0


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "..", ".", "", "a\\b", "a\0b", "a\x1b[31mb", ".avi"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"FileList\.csv") as raised:
        read(write(tmp_path, f"{name},50,40,90,112,112,50,1,TRAIN"))
    assert "\x1b" not in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column 'FileName'"),
        (HEADER.replace("EF", "EjectionFraction").encode(), "no column 'EF'"),
        (HEADER.replace("ESV", "EF").encode(), "more than one column 'EF'"),
        (HEADER.encode() + b"0XA,50\n", "line 2 has 2 cells"),
        (HEADER.encode() + b"0XA,50,1,2,1,1,1,1,NONE\n", "expected TRAIN, VAL or TEST"),
        (HEADER.encode() + b"0XA,50,1,2,1,1,1,1,TEST\n" * 2, "there twice"),
        (b"\xff\xfe\x00", "UTF-8"),
        (HEADER.encode() + b'"0XA', "CSV"),
        (HEADER.encode() + b"x" * 200_000, "CSV"),
    ],
)
def test_tables_that_cannot_be_used(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "FileList.csv").write_bytes(content)
    with pytest.raises(DataError, match=said) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no FileList\.csv there"):
        read(tmp_path)
