"""Flags of the measuring protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import edgebench_here


@pytest.mark.parametrize(
    "flags",
    [
        ("--core", "4096"),
        ("--batch", "0"),
        ("--paced", "nan"),
    ],
)
def test_bad_flags_get_one_line(flags: tuple[str, ...], tmp_path: Path) -> None:
    said = edgebench_here("run", "--exporter", "onnx", *flags, "-o", tmp_path / "run")
    assert said.returncode == 2
    assert said.stderr.startswith(f"error: {' '.join(flags)}: ")
    assert not (tmp_path / "run").exists()
