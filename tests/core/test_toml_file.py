"""What is no TOML file of the user's is refused in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgebench.core import toml_file
from edgebench.core.errors import PlanError


def refused(path: Path) -> str:
    with pytest.raises(PlanError) as caught:
        toml_file.table(path, "plan", PlanError)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


def test_the_table_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('name = "größer"\n[part]\nn = 3\n')
    assert toml_file.table(path, "plan", PlanError) == {"name": "größer", "part": {"n": 3}}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "the plan is empty"), (b"# nothing\n", "the plan is empty"), (b"x = \xff", "not a text file in UTF-8"),
        (b"x =", "not valid TOML"), (b"x = " + b"9" * 5000, "thousands of digits"),
        (b"x = " + b"[" * 9000, "nested too deeply"), (b"#" * (toml_file.SMALL_BYTES + 1), "larger than 4 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(content: bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    assert line in refused(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # reading it would never end
    assert "not a regular file" in refused(tmp_path / "pipe")
    assert "a folder" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "nowhere")
