"""A target that is emulated: what cannot be installed there, and how to measure on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from decisions import CELL, run_of
from flat_rows import changed

from edgebench.choosing import devices
from edgebench.choosing.recommendation import recommend
from edgebench.core.measurements import Run

PI = changed(CELL, target="pi", emulated=True, verdict="emulated")


def run_on(folder: Path, architecture: str, *rows: object) -> Run:
    """A run with a target of that architecture."""
    inputs = {"targets": {"pi": {"architecture": architecture}}}
    (folder / "plan.json").write_text(json.dumps({"plan": {}, "inputs": inputs}))
    return replace(run_of(list(rows)), folder=folder, plan={"targets": ["my/pi.toml"]})  # type: ignore[arg-type]


def test_a_runtime_without_wheels_is_never_recommended(tmp_path: Path) -> None:
    own = changed(PI, exporter="own", format="own", file_size_bytes=9000)
    run = run_on(tmp_path, "armv7l", PI, own)
    assert devices.blocked([PI, own], run).keys() == {PI.cell.id}
    (answer,) = recommend(run)
    assert answer.chosen == own and "armv7l" in answer.why
    (answer,) = recommend(replace(run, measurements=(PI,)))
    assert answer.chosen is None and "armv7l" in answer.why
    run = run_on(tmp_path, "aarch64", PI, own)
    assert not devices.blocked([PI, own], run)
    assert not devices.blocked([changed(PI, emulated=False)], run_on(tmp_path, "armv7l")), "it ran there"
    assert not devices.blocked([PI], run_of([PI])), "nobody knows"


def test_the_commands_measure_on_the_device(tmp_path: Path) -> None:
    run = run_on(tmp_path, "aarch64", PI)
    here, there = devices.measure_there(run, "pi")
    assert here.split()[:5] == ["edgebench", "bundle", "r", "--target", "my/pi.toml"]
    assert there == "edgebench measure pi.bundle" and here.endswith(" -o pi.bundle")
    assert str(tmp_path) in devices.measure_there(run, "pi", whole=True)[0]


def test_which_formats_have_wheels() -> None:
    assert devices.impossible("onnx", "armv7l") and devices.impossible("torchscript", "riscv64")
    assert not any(devices.impossible(*pair) for pair in (("onnx", "aarch64"), ("own", "armv7l"), ("onnx", "")))
