"""`edgebench compare` and `edgebench gate`: their exit codes, and what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compared_runs import CELL, slower, written
from flat_rows import changed
from helpers import edgebench_here

from edgebench.choosing import comparison
from edgebench.core.serialization import to_json


def test_the_command_line(tmp_path: Path) -> None:
    old, new = written(tmp_path / "old", CELL), written(tmp_path / "new", slower(1.1), changed(CELL, exporter="eager"))
    file = tmp_path / "baseline.json"
    assert edgebench_here("gate", old, "--write-baseline", file).returncode == 0
    good = edgebench_here("gate", old, "--baseline", file)
    assert good.returncode == 0
    bad = edgebench_here("gate", new, "--baseline", file)
    assert bad.returncode == 1
    again = edgebench_here("gate", new, "--baseline", file, "--write-baseline", file)
    assert again.returncode == 1
    assert comparison.baseline(file).name == "old"  # a regression does not become the baseline
    assert "worse  net onnx on host: 1.100 times the latency" in bad.stdout
    assert edgebench_here("gate", new, "--baseline", file, "--max-slowdown", "0.2").returncode == 0
    shown = edgebench_here("compare", new, "--base", "eager")
    assert shown.returncode == 0
    assert "1.100" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("compare", "old"), "error: name a second run, or a cell of the run: --base eager"),
        (("gate", "old"), "error: name a baseline"),
        (("gate", "old", "--baseline", "nothing.json"), "error: nothing.json: cannot be read"),
        (("gate", "old", "--baseline", "broken.json"), "error: broken.json: not a baseline"),
        (("gate", "old", "--baseline", "strange.json"), "error: strange.json, measurement 1: modle"),
        (("compare", "old", "other"), "error: old was measured on A Processor (abc), other on B (x)"),
    ],
)
def test_bad_requests_get_one_line(tmp_path: Path, arguments: tuple[str, ...], line: str) -> None:
    written(tmp_path / "old", CELL)
    written(tmp_path / "other", CELL, machine={"fingerprint": "x", "cpu": "B"})
    (tmp_path / "broken.json").write_text("{")
    row = json.loads(to_json(CELL)) | {"modle": "net"}
    (tmp_path / "strange.json").write_text(json.dumps({"run": "r", "environment": {}, "measurements": [row]}))
    said = edgebench_here(*arguments, cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr.startswith(line)
    assert len(said.stderr.splitlines()) == 1


def test_the_commands_say_what_to_doubt(tmp_path: Path) -> None:
    doubt: dict[str, Any] = {"verdict": "noisy", "verdict_reason": "others kept 0.9 cores busy"}
    old = written(tmp_path / "old", changed(CELL, **doubt), changed(CELL, exporter="eager", verdict="stable"))
    new = written(tmp_path / "new", changed(CELL, run="new"), changed(CELL, exporter="eager", run="new"))
    line = "net onnx on host, old, noisy: others kept 0.9 cores busy\n"
    commands: list[list[str | Path]] = [
        ["compare", new, old], ["gate", new, "--baseline", old], ["compare", old, "--base", "onnx"]
    ]  # fmt: skip
    for arguments in commands:
        done = edgebench_here(*arguments)
        assert (done.returncode, done.stdout.count(line), done.stdout.count("noisy")) == (0, 1, 1), done.stdout
