"""A format that is installed from outside goes through every verb: two files, batches of one size, NumPy alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import own_format
import pytest
import ssh_server
import torch
from bundle_makers import entries_of
from flat_rows import value
from helpers import PluginMaker, StopAfter, edgebench_here
from ssh_server import Server

from edgebench import api, reading
from edgebench.artifacts import import_file, manifests
from edgebench.core import formats, registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ArtifactError
from edgebench.core.measurements import Run
from edgebench.core.settings import Measuring
from edgebench.models import building, store
from edgebench.pipeline import harness
from edgebench.pipeline.plan import BuildPlan, MeasurePlan, Plan

QUICK = Measuring(processes=1, warmup=1, min_samples=3, min_seconds=0.0, batches=(4,))
LIMIT = 7


def plan(folder: Path, target: str = "host") -> Plan:
    """The untrained network of the plug-in through its own exporter."""
    records = registry.dataset("demo").load(DataRequest("test", limit=4))
    torch.manual_seed(0)
    network = building.build(registry.architecture("mean"), len(records.classes), records.input.spec)
    fields = {
        "name": "mean", "architecture": "mean", "classes": records.classes, "thresholds": (0.5,) * 5,
        "task": records.task, "unit": records.unit, "input": records.input.spec, "license": "unknown", "training": {},
        "scores": {}, "parameters": sum(p.numel() for p in network.parameters()),
    }  # fmt: skip
    (folder / "models").mkdir(parents=True)
    model = store.save(network, folder / "models", fields)
    measure = MeasurePlan(targets=(target,), dataset="demo", limit=LIMIT, measuring=QUICK)
    return Plan(BuildPlan(models=(str(model),), exporters=("own",)), measure)


def check(run: Run, folder: Path) -> None:
    """The one row is measured, with the scores of the network itself."""
    (row,) = run.measurements
    assert (row.status, row.reason, row.format) == ("ok", "", "own")
    assert value(row, "records") == LIMIT and value(row, "agreement") == 1
    assert value(row, "latency_samples") and value(row, "peak_rss_bytes")
    assert not value(row, "batch_throughputs_per_s"), "it takes one record at a time"
    home = folder / "artifacts" / "mean" / "none" / "own"
    assert value(row, "file_size_bytes") == sum((home / f"model.{end}").stat().st_size for end in ("own", "npy"))


def test_run_inspect_recommend_bundle_and_resume(
    plugin: PluginMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_format.install(plugin)
    asked = plan(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        harness.run(asked, tmp_path / "run", listener=StopAfter("measure memory", 1))
    run = harness.run(asked, tmp_path / "run", resume=True)
    check(run, tmp_path / "run")
    home = tmp_path / "run" / "artifacts" / "mean" / "none" / "own"

    (layer,) = reading.inspect(home)
    assert (layer.name, layer.shape) == ("head", (5, 12))

    (advice,) = reading.recommend(tmp_path / "run")
    assert advice.path == home / "model.own" and "EdgeBench" not in advice.snippet
    shown = edgebench_here("recommend", tmp_path / "run").stdout
    assert str(home / "model.own") in shown and str(home / "model.npy") in shown, "what to copy is both files"
    done = subprocess.run([sys.executable, "-c", advice.snippet], cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    api.bundle([tmp_path / "run"], tmp_path / "ship.bundle", limit=LIMIT)
    entries = entries_of(tmp_path / "ship.bundle")
    assert {f"artifacts/mean/none/own/model.{end}" for end in ("own", "npy")} <= entries.keys()
    listing = json.loads(entries["bundle.json"])
    (wheel,) = listing["plugins"]
    (tmp_path / wheel.partition("/")[2]).write_bytes(entries[wheel])
    inside = entries_of(tmp_path / wheel.partition("/")[2])
    assert f"{own_format.MODULE}.py" in inside

    (home / "model.npy").write_bytes((home / "model.npy").read_bytes()[:-1] + b"!")
    (advice,) = reading.recommend(tmp_path / "run")
    assert advice.path is None, "one of its files has changed"
    with pytest.raises(ArtifactError, match=r"model\.npy"):
        harness.run(asked, tmp_path / "run", resume=True)


def test_batches_of_another_size_are_filled(plugin: PluginMaker, tmp_path: Path) -> None:
    """Seven records in batches of two: all are scored; what is timed one by one is refused with the reason."""
    own_format.install(plugin, batch=2)
    (row,) = harness.run(plan(tmp_path), tmp_path / "run").measurements
    assert row.status == "unsupported" and "2" in row.reason
    assert value(row, "records") == LIMIT and value(row, "agreement") == 1


def test_a_users_file_is_recognised(plugin: PluginMaker, tmp_path: Path) -> None:
    own_format.install(plugin)
    weight = np.eye(5, 12, dtype=np.float32)
    np.save(tmp_path / "net.npy", weight)
    path = tmp_path / "net.own"
    path.write_text(json.dumps({"bias": [0] * 5}))
    path.with_suffix(".toml").write_text(
        'classes = ["NORM", "MI", "STTC", "CD", "HYP"]\nthresholds = [0.5, 0.5, 0.5, 0.5, 0.5]\n'
    )
    assert formats.of_file(path) == "own" and formats.of_file(tmp_path / "net.onnx") == "onnx"
    artifact = import_file.describe(path, tuned=False)
    assert artifact.format == "own" and list(artifact.files) == ["net.own", "net.npy"] and artifact.batch == 1
    assert manifests.outline(path).size_bytes == artifact.file_size_bytes
    assert formats.unsupported("own", "cpu", "", "riscv64") and not formats.unsupported("own", "cpu", "", "x86_64")


@pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
def test_a_device_over_ssh_has_the_runtime_from_here(plugin: PluginMaker, server: Server, tmp_path: Path) -> None:
    """The server starts processes without this process's environment: what runs there came in the bundle."""
    own_format.install(plugin)
    board = server.target(ssh_python=sys.executable, ssh_packages="as-is")
    run = harness.run(plan(tmp_path, str(board)), tmp_path / "run")
    check(run, tmp_path / "run")
