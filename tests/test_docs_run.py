"""The examples that are marked `tested` are carried out, in a folder of their own, with few records and samples."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import PAGES, ROOT, Block, blocks

SMALL = (
    "--limit", "8", "--processes", "1", "--warmup", "0", "--min-samples", "3", "--min-seconds", "0", "--threads", "1",
)  # fmt: skip
"""What makes a run quick; added to what the page says."""
SHIM = f"""#!{sys.executable}
import os, sys
arguments = sys.argv[1:]
if arguments[0] in ("run", "measure"):
    arguments += {SMALL!r}
if arguments[0] == "run":
    arguments += ["--calibration-records", "16"]
os.execv(sys.executable, [sys.executable, "-m", "edgebench", *arguments])
"""
SEQUENCES = {"first": ("getting-started.md", "concepts.md", "csv.md"), "own": ("own-model.md",)}
"""Pages whose examples go on from each other, in one folder."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a quick `edgebench`, and the published runs where a checkout has them."""
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "edgebench"
    shim.write_text(SHIM)
    shim.chmod(0o755)
    (tmp_path / "work" / "results").mkdir(parents=True)
    (tmp_path / "work" / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    return tmp_path / "work"


def marked(page: str, mark: str = "tested") -> list[Block]:
    return [b for b in blocks(ROOT / "docs" / page) if b.mark == mark or b.mark.startswith(f"{mark} file ")]


def carry_out(block: Block, place: Path) -> None:
    """Write a file, or run a shell's or Python's text; fails with what it said."""
    if " file " in block.mark:
        (place / block.mark.partition(" file ")[2]).write_text(block.text)
        return
    command = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[block.language]
    path = f"{place.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*command, block.text], cwd=place, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=600
    )  # fmt: skip
    assert done.returncode == 0, f"{block.where}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES)
def test_examples_work(name: str, place: Path) -> None:
    found = [block for page in SEQUENCES[name] for block in marked(page)]
    assert {block.language for block in found} >= {"sh", "python"}
    for block in found:
        carry_out(block, place)


@pytest.mark.slow
@pytest.mark.ptbxl
def test_examples_with_ptbxl_work(place: Path, ptbxl_all: Path) -> None:
    (place / "ptbxl").symlink_to(ptbxl_all)
    found = marked("getting-started.md", "tested ptbxl")
    assert found
    for block in found:
        carry_out(block, place)


def test_no_marked_example_is_left_out() -> None:
    known = {page for pages in SEQUENCES.values() for page in pages}
    assert {b.page.name for page in PAGES for b in blocks(page) if b.mark} == known
    assert all(
        b.mark in ("tested", "tested ptbxl") or b.mark.startswith("tested file ")
        for p in PAGES
        for b in blocks(p)
        if b.mark
    )
