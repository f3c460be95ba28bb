"""`edgebench data`: what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import edgebench_here


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["data", "fetch", "mitbih"], "'mitbih'"),
        (["data", "fetch", "ptbxl", "x", "--folds", "11"], "1 to 10"),
        (["data", "fetch", "ptbxl", "x", "--folds", "a"], "--folds a: "),
        (["data", "fetch", "ptbxl", "x", "--folds", "²"], "--folds ²: "),
        (["data", "fetch", "ptbxl", "x", "--folds", "1-" + "9" * 5000], "--folds 1-9"),
        (["data", "fetch", "ptbxl", "x", "--folds", "1,5-2"], "--folds 5-2: "),
        (["data", "fetch", "ptbxl", "x", "--url", "nonsense"], "nonsense/: "),
        (["data", "info", "ptbxl", "nowhere"], "nowhere: "),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], named: str, tmp_path: Path) -> None:
    done = edgebench_here(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and named in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir()), "nothing is half-written"
