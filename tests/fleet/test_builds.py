"""Artifacts that a worker builds are those that this machine builds, file by file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fleet_processes
import pytest
from fleet_processes import TARGET, run
from helpers import QUICK

from edgebench.artifacts.build import Build
from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ArtifactError, RemoteError
from edgebench.fleet import builds
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


def test_what_comes_back_is_that_of_the_request(tmp_path: Path, artifact: StoredArtifact, demo: RecordSet) -> None:
    """A worker may answer with anything: other names, other models, files of others."""
    right = artifact.artifact
    asked = Build("resnet1d", "none", ("onnx",), tmp_path, None, demo, 60)
    home = tmp_path / "made" / "onnx"
    home.mkdir(parents=True)
    (home / right.file).write_bytes(artifact.path.read_bytes())
    builds._check(asked, "onnx", right, tmp_path / "made")
    for wrong in (
        replace(right, exporter="other"), replace(right, variant="l1-0.5"), replace(right, model_sha256="0" * 64),
        replace(right, sha256="0" * 64),
    ):  # fmt: skip
        with pytest.raises((RemoteError, ArtifactError)):
            builds._check(asked, "onnx", wrong, tmp_path / "made")
    for name in ("../out", "/etc/passwd", "..", "a/b"):
        with pytest.raises(RemoteError):
            builds._files(Outcome("ok", result=replace(right, file=name)))


@pytest.mark.parametrize("text", ["", "5", "[]", '[{"exporter": "onnx"}]', '[{"exporter": "evil", "outcome": {}}]'])
def test_outcomes_that_are_none(text: str, tmp_path: Path, demo: RecordSet) -> None:
    (tmp_path / "o.json").write_text(text)
    with pytest.raises(RemoteError, match=r"^board: "):
        builds._outcomes(Build("resnet1d", "none", ("onnx",), tmp_path, None, demo, 60), tmp_path / "o.json", "board")
