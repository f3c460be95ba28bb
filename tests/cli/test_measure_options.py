"""Flags of the measuring protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import edgebench_here


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (("--core", "4096"), "error: --core 4096: there is no such core here"),
        (("--batch", "0"), "error: --batch 0: must be at least 1"),
        (("--paced", "nan"), "error: --paced nan: must be a finite number"),
    ],
)
def test_bad_flags_get_one_line(flags: tuple[str, ...], line: str, tmp_path: Path) -> None:
    said = edgebench_here("run", "--exporter", "onnx", *flags, "-o", tmp_path / "run")
    assert said.returncode == 2
    assert line in " ".join(said.stderr.split())
    assert not (tmp_path / "run").exists()
