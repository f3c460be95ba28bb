"""What is published of a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import publish_run

RUN = publish_run.REFERENCE / "arm"
"""It has measurements of a device, too."""
LEFT_OUT = (
    ".lock", "report.html", "report.json", "artifacts/resnet1d/none/onnx/model.onnx", "artifacts/net/net.onnx",
    "models/net.safetensors", "models/m/qat/m.safetensors", "models/m/structured-0.5/work/start/m.json",
    "models/m/structured-0.5/large.safetensors", "devices/arm64-qemu/artifacts/m/none/onnx/model.onnx",
)  # fmt: skip
PUBLISHED = (
    "artifacts/resnet1d/none/onnx/manifest.json", "models/m/structured-0.5/m.json", "models/net.json",
    "models/m/structured-0.5/m.safetensors", "devices/arm64-qemu/artifacts/m/none/onnx/manifest.json",
)  # fmt: skip


def a_run(folder: Path) -> Path:
    """A run with every kind of file."""
    shutil.copytree(RUN, folder)
    for name in (*LEFT_OUT, *PUBLISHED):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(publish_run.MOST_WEIGHTS + ("large" in name)))
    return folder


def test_what_is_kept_and_what_is_left_out(tmp_path: Path) -> None:
    run, home = a_run(tmp_path / "run"), tmp_path / "home"
    publish_run.copy(run, home)
    copied = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    measured = {path.relative_to(RUN).as_posix() for path in RUN.rglob("*") if path.is_file()} - {"decisions.json"}
    assert copied == measured | set(PUBLISHED)


def test_published_again_it_leaves_nothing_of_the_earlier_run(tmp_path: Path) -> None:
    run, home = a_run(tmp_path / "run"), tmp_path / "home"
    publish_run.copy(run, home)
    (home / "samples" / "earlier.npy").touch()
    (home / "decisions.json").touch()
    publish_run.copy(run, home)
    assert not (home / "samples" / "earlier.npy").exists()
    assert (home / "decisions.json").exists(), "which is no file of a run"


def test_plans_name_no_folder_of_the_user(tmp_path: Path) -> None:
    run, home = a_run(tmp_path / "run"), tmp_path / "home"
    plan = json.loads((run / "plan.json").read_text())
    plan["plan"]["data_dir"] = "/home/someone/ptbxl"
    (run / "plan.json").write_text(json.dumps(plan))
    publish_run.copy(run, home)
    assert json.loads((home / "plan.json").read_text())["plan"]["data_dir"] == "ptbxl"
