"""The wording of an output, held once: a text file for each, which `EDGEBENCH_SNAPSHOTS=write pytest …` updates."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "snapshots"
WRITE = "EDGEBENCH_SNAPSHOTS"


def check_line(name: str, key: str, line: str) -> None:
    """Compare one line with that of its key in a snapshot of many: a line `$ KEY`, and below it the line itself."""
    path = FOLDER / f"{name}.txt"
    stored = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    lines = {k.removeprefix("$ "): said for k, said in zip(stored[::2], stored[1::2], strict=True)}
    if os.environ.get(WRITE) == "write":
        lines[key] = line
        path.write_text("".join(f"$ {k}\n{said}\n" for k, said in lines.items()), encoding="utf-8")
    elif lines.get(key) != line:
        how = f"If this is better: {WRITE}=write pytest {os.environ['PYTEST_CURRENT_TEST']}"
        pytest.fail(f"tests/snapshots/{path.name}, {key}\n- {lines.get(key)}\n+ {line}\n{how}")


def check(name: str, text: str) -> None:
    """Compare a text with its snapshot, line by line; a space at the end of a line does not count."""
    lines = [line.rstrip() for line in text.splitlines()]
    path = FOLDER / f"{name}.txt"
    if os.environ.get(WRITE) == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    expected = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if lines != expected:
        diff = difflib.unified_diff(expected, lines, f"tests/snapshots/{path.name}", "now", lineterm="")
        pytest.fail("\n".join([*diff, f"If this is better: {WRITE}=write pytest {os.environ['PYTEST_CURRENT_TEST']}"]))
