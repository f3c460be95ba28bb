"""`edgebench compare` and `edgebench gate`: their exit codes, and what they print."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from compared_runs import CELL, slower, written
from flat_rows import changed
from helpers import edgebench_here
from onnx import helper, numpy_helper
from typer.testing import CliRunner

from edgebench.choosing import comparison
from edgebench.choosing import gate as gating
from edgebench.cli.app import app
from edgebench.core.datasets import RecordSet
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_json
from edgebench.core.settings import Measuring
from edgebench.pipeline import harness, records
from edgebench.pipeline.plan import MeasurePlan, Plan


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


def constant(path: Path, test: RecordSet, answer: list[float]) -> Path:
    """An ONNX file that answers the same for each record."""
    axes = range(1, len(test.input.spec.shape) + 1)
    zeros = np.zeros((1, len(answer)), np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=list(axes), keepdims=1),
        helper.make_node("Reshape", ["mean", "column"], ["one"]),
        helper.make_node("Gemm", ["one", "zeros", "answer"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", 1, ["b", *test.input.spec.shape])],
        [helper.make_tensor_value_info("y", 1, ["b", len(answer)])],
        [numpy_helper.from_array(np.array(a, k), n) for n, a, k in (
            ("column", [-1, 1], np.int64), ("zeros", zeros, np.float32), ("answer", answer, np.float32),
        )],
    )  # fmt: skip
    path.parent.mkdir()
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.mark.parametrize(("dataset", "metric"), [("demo-images", "top1"), ("demo-echo", "mae"), ("arrays", "mae")])
def test_runs_on_any_demo_are_compared(dataset: str, metric: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "rows.npz", x=rng.random((100, 4), np.float32), y=rng.normal(10, 2, 100))
    plan = MeasurePlan(
        targets=("host",), dataset=dataset, data_dir=tmp_path / "rows.npz" if dataset == "arrays" else None, limit=20,
        measuring=Measuring(processes=1, warmup=1, min_samples=3, min_seconds=0.0),
    )  # fmt: skip
    test = records.load(Plan(measure=plan), "test", ProgressReporter())
    if metric == "mae":
        good, bad = [float(test.labels.mean())], [float(test.labels.mean()) + 30]
    else:
        there = np.bincount(test.labels, minlength=len(test.classes))
        good, bad = (np.eye(len(there))[n].tolist() for n in (there.argmax(), there.argmin()))
    for name, answer in (("old", good), ("new", bad)):
        file = constant(tmp_path / f"{name}-file" / "net.onnx", test, answer)
        run = harness.run(Plan(measure=replace(plan, artifacts=(file,))), tmp_path / name)
        assert [(m.status, m.reason) for m in run.measurements] == [("ok", "")]
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    _, found = gating.gate(tmp_path / "new", tmp_path / "old")
    assert "score" in {one.metric for one in found if one.kind == "worse"}
    _, same = gating.gate(tmp_path / "old", tmp_path / "old")
    assert "score" not in {one.metric for one in same}
    assert CliRunner().invoke(app, ["gate", new, "--baseline", old]).exit_code == 1
    shown = CliRunner().invoke(app, ["compare", new, old])
    (pair,) = comparison.compare(tmp_path / "new", tmp_path / "old")
    assert shown.exit_code == 0 and pair.metric.name == metric and pair.score_change is not None
    assert pair.metric.change(pair.score_change) in shown.stdout
