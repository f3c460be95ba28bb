"""The published runs as files: what is kept of each, how much that is in all, and what is said of the rest."""

from __future__ import annotations

import publish_run
import pytest
import regenerate
from marked import ROOT

from edgebench import reading

MOST_BYTES = 60e6
BLOCK = 4096
"""Bytes of a file system's block: a small file takes a whole one."""
NO_RUNS = ("distillation", "search-deit-tiny")
MADE_OTHERWISE = {"decisions.json"}
"""By benchmarks/arm/decisions.py, beside the run in arm/."""


def test_they_are_small_together() -> None:
    files = [path for path in publish_run.REFERENCE.rglob("*") if path.is_file()]
    assert sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files) < MOST_BYTES


@pytest.mark.parametrize("name", [folder.name for folder in regenerate.runs()])
def test_a_run_has_what_is_kept_and_nothing_else(name: str) -> None:
    folder = publish_run.REFERENCE / name
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    left = {file.as_posix() for file in files - set(publish_run.kept(folder))} - MADE_OTHERWISE
    assert not left, "publish it with scripts/publish_run.py"


def test_every_folder_is_a_run_or_named_here() -> None:
    folders = {path.name for path in publish_run.REFERENCE.iterdir()}
    assert folders == {folder.name for folder in regenerate.runs()} | set(NO_RUNS)


def test_the_page_names_everything_that_is_kept() -> None:
    page = (ROOT / "results" / "README.md").read_text()
    for pattern in publish_run.KEPT:
        assert pattern.partition("*")[0] in page
    assert f"{publish_run.MOST_WEIGHTS // 1_000_000} MB" in page
    assert all(f"`{folder.name}/`" in page for folder in publish_run.REFERENCE.iterdir())


@pytest.mark.parametrize("name", ["ptbxl-x86", "variants-deit-tiny"])
def test_a_recommended_artifact_is_said_to_be_missing(name: str) -> None:
    for found in reading.recommend(publish_run.REFERENCE / name):
        assert found.path is None
        assert "not here" in found.file
        assert found.sha256 and found.snippet
