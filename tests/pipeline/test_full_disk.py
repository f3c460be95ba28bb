"""A real disk that is full, at each stage: one line that names it, no half-written file, and a resume that goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import QUICK, lines_of, quick

from edgebench import api
from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import DiskFull
from edgebench.core.files import PART
from edgebench.core.progress import ProgressReporter
from edgebench.pipeline import harness


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take all of its space."""
    with (folder / "filler").open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 512)
        except OSError:
            return


class Filler(ProgressReporter):
    """Fills the disk when a stage begins, or when its first job has ended."""

    def __init__(self, folder: Path, stage: str, at_once: bool) -> None:
        self._folder, self._stage, self._at_once, self._waits = folder, stage, at_once, False

    def stage(self, name: str, total: int) -> None:
        self._waits = name == self._stage
        if self._at_once:
            self.step()

    def step(self, text: str = "") -> None:
        if self._waits:
            self._waits = False
            fill(self._folder)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "after a job"])
@pytest.mark.parametrize("stage", ["predict the test records", "measure memory", "measure latency"])
def test_a_stage_loses_at_most_the_jobs_at_work(
    stage: str, at_once: bool, small: Path, exported: Path, tmp_path: Path
) -> None:
    plan = quick(exported, "onnx", "onnx-int8", limit=8, measuring=replace(QUICK, processes=1))
    with pytest.raises(DiskFull, match=str(small)):
        api.run(plan, small / "run", listener=Filler(small, stage, at_once))
    journal = small / "run" / "journal.jsonl"
    kept = lines_of(journal) if journal.exists() else []
    assert not list((small / "run").rglob(f".*{PART}*"))
    (small / "filler").unlink()
    run = api.run(plan, small / "run", resume=True)
    assert [m.status for m in run.measurements] == ["ok", "ok"]
    assert lines_of(journal)[: len(kept)] == kept


def test_reports_are_whole_or_the_earlier_ones(small: Path, exported: Path) -> None:
    folder = harness.run(quick(exported, "onnx", limit=8), small / "run").folder
    before = sorted(path.name for path in folder.iterdir())
    fill(small)
    with pytest.raises(DiskFull, match=str(small)):
        api.report([folder], ("html", "csv"))
    assert sorted(path.name for path in folder.iterdir()) == before
    (small / "filler").unlink()
    (written,) = api.report([folder], ("csv",))
    whole = written.read_bytes()
    fill(small)
    with pytest.raises(DiskFull):
        api.report([folder], ("csv", "html"))
    assert written.read_bytes() == whole


def test_a_full_cache_is_named(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(small / "cache"))
    (small / "cache").mkdir()
    fill(small)
    with pytest.raises(DiskFull, match=str(small / "cache")):
        registry.dataset("demo").load(DataRequest("test"))
    assert not list((small / "cache").rglob("*.npy"))
    (small / "filler").unlink()
    assert len(registry.dataset("demo").load(DataRequest("test")))


def test_a_bundle_is_whole_or_not_there(small: Path, exported: Path) -> None:
    fill(small)
    with pytest.raises(DiskFull, match=str(small)):
        api.bundle([exported / "onnx"], small / "ship.bundle", limit=8)
    assert [path.name for path in small.iterdir()] == ["filler"]


def test_a_run_that_cannot_begin_leaves_nothing(small: Path, exported: Path) -> None:
    fill(small)
    with pytest.raises(DiskFull, match=str(small)):
        api.run(quick(exported, "onnx", limit=8), small / "run")
    assert [path.name for path in small.iterdir()] == ["filler"]
