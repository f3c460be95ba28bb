"""The stage of a run that builds and reads artifacts."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from helpers import QUICK, StopAfter, lines_of

from edgebench import api
from edgebench.artifacts import build as builds
from edgebench.core.contracts import Outcome
from edgebench.core.errors import DiskFull
from edgebench.core.files import sync
from edgebench.core.progress import ProgressReporter
from edgebench.pipeline import build_stage, machines
from edgebench.pipeline.read_plan import load

ONCE = vars(replace(QUICK, processes=1))


@pytest.mark.parametrize(
    ("variants", "built"),
    [
        (("none", "l1-0.4"), [("none", ("onnx", "eager")), ("l1-0.4", ("onnx",))]),
        (("l1-0.4",), [("l1-0.4", ("onnx",)), ("none", ("eager",))]),
    ],
)
def test_of_a_compressed_network_only_what_was_asked_for_is_built(
    variants: tuple[str, ...], built: list[tuple[str, tuple[str, ...]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are compared with the network that was not compressed."""
    asked: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(machines, "build", lambda one, *_: asked.append((one.variant, one.exporters)))
    plan: Any = load(None, {"variants": variants, "exporters": ("onnx",)})
    store: Any = SimpleNamespace(folder=tmp_path, outcomes={})
    made: Any = SimpleNamespace(sources={"resnet1d": "resnet1d"}, find=lambda model, variant: (Outcome("ok"), model))
    build_stage.BuildStage(plan, store, None, cast(Any, None), ProgressReporter(), made).all()
    assert asked == built


def test_a_changed_artifact_is_refused(tmp_path: Path) -> None:
    plan = load(None, {"exporters": ("eager",), "targets": ("host",), "limit": 8, "threads": 1, "measuring": ONCE})
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, tmp_path / "run", listener=StopAfter("measure memory", 1))
    weights = next((tmp_path / "run" / "artifacts").rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(Exception, match="SHA-256"):
        api.run(plan, tmp_path / "run", resume=True)


def test_an_interrupted_export_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []

    def noted(path: Path) -> None:
        synced.append(path)
        sync(path)

    monkeypatch.setattr(builds, "sync", noted)
    fields = {"exporters": ("eager", "onnx"), "targets": ("host",), "limit": 8, "threads": 1, "measuring": ONCE}
    plan = load(None, fields)
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, tmp_path / "run", listener=StopAfter("export and check", 1))
    before = lines_of(tmp_path / "run" / "journal.jsonl")
    assert all(line["status"] == "ok" for line in before), "an interrupted check is not a failed one"
    made = {path.parent for path in (tmp_path / "run").rglob("manifest.json")}
    assert made <= {path.parent for path in synced}, "a power cut takes no file that a manifest names"
    run = api.run(plan, tmp_path / "run", resume=True)
    assert [m.status for m in run.measurements] == ["ok", "ok"]


def test_exporting_onto_a_full_disk_is_not_a_failed_cell(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    fields = {"exporters": ("eager",), "targets": ("host",), "limit": 8, "threads": 1, "measuring": ONCE}
    plan = load(None, fields)
    try:
        with pytest.raises(DiskFull, match=rf"no space left for {folder}/run.* \(file system {folder}\)"):
            api.run(plan, folder / "run")
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
        run = api.run(plan, folder / "run", resume=True)
        assert [m.status for m in run.measurements] == ["ok"]
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_full_temporary_files_are_named_and_not_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph of an ONNX export, of 5 MB, lies there first."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    try:
        with pytest.raises(DiskFull, match=rf"temporary files in {folder} "):
            api.export(exporters=("onnx",), output=tmp_path / "out")
        assert not list((tmp_path / "out").rglob("*.onnx"))
    finally:
        subprocess.run(["umount", str(folder)], check=True)
