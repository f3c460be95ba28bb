"""Artifacts that a worker builds are those that this machine builds, file by file."""

from __future__ import annotations

from pathlib import Path

import fleet_processes
import pytest
from fleet_processes import TARGET, run
from helpers import QUICK

from edgebench.pipeline.read_plan import load


@pytest.mark.slow
def test_the_same_files_and_scores(tmp_path: Path) -> None:
    fields = {
        "models": ("resnet8-demo-images",), "exporters": ("onnx", "onnx-int8"), "targets": (TARGET,), "limit": 24,
        "dataset": "demo-images", "threads": 1, "measuring": vars(QUICK), "calibration_records": 16,
    }  # fmt: skip
    plan = load(None, fields)
    with fleet_processes.running(tmp_path / "fleet") as cluster:
        cluster.worker("builder-1", "--build")
        cluster.worker("board-1", "--device", TARGET)
        there = run(plan, tmp_path / "there", cluster.address)
        sent = list((cluster.folder / "builder-1" / "files").iterdir())
    here = run(plan, tmp_path / "here")
    assert sent and there.keys() == here.keys() and len(there) == 2
    for name, m in there.items():
        assert (m.status, m.artifact, m.scores) == ("ok", here[name].artifact, here[name].scores), name
    files = {
        folder: {p.relative_to(tmp_path / folder / "artifacts"): p.read_bytes()
                 for p in (tmp_path / folder / "artifacts").rglob("*") if p.is_file()}
        for folder in ("there", "here")
    }  # fmt: skip
    assert files["there"] == files["here"] and len(files["here"]) >= 4
