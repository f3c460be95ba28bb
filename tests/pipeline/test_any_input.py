"""Whole runs of networks that take no ECG: images, digits and clips, with the task of their records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import predicted_by_scikit_learn
import pytest
import torch

from edgebench import api
from edgebench.artifacts import manifests
from edgebench.choosing import recommendation, snippets
from edgebench.choosing.limits import Limits
from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Run
from edgebench.core.settings import Measuring
from edgebench.data.stored import Values
from edgebench.models import building, store
from edgebench.pipeline import harness
from edgebench.pipeline.plan import BuildPlan, MeasurePlan, Plan

QUICK = Measuring(processes=1, warmup=1, min_samples=3, min_seconds=0.0)


def model(folder: Path, name: str, dataset: str) -> Path:
    """An untrained network for the records of a dataset."""
    records = registry.dataset(dataset).load(DataRequest("test", limit=4))
    torch.manual_seed(0)
    network = building.build(registry.architecture(name), len(records.classes), records.input.spec)
    fields = {
        "name": name, "architecture": name, "classes": records.classes, "thresholds": (), "task": records.task,
        "unit": records.unit, "input": records.input.spec, "license": "unknown", "training": {}, "scores": {},
        "parameters": sum(p.numel() for p in network.parameters()),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    return store.save(network, folder, fields)


def measured(folder: Path, name: str, dataset: str, limit: int) -> Run:
    made = model(folder / "models", name, dataset)
    build = BuildPlan(models=(str(made),), exporters=("eager", "onnx", "onnx-int8"), calibration_records=8)
    measure = MeasurePlan(targets=("host",), dataset=dataset, limit=limit, measuring=QUICK)
    return harness.run(Plan(build, measure), folder / "run")


@pytest.mark.parametrize(
    ("name", "dataset", "limit", "metric"),
    [
        pytest.param("resnet8", "demo-images", 40, "top1", marks=pytest.mark.slow),
        pytest.param("resnet8", "demo-digits", 40, "top1", marks=pytest.mark.slow),
        pytest.param("resnet8-frames", "demo-echo", 4, "mae", marks=pytest.mark.slow),
    ],
)
def test_a_run(tmp_path: Path, name: str, dataset: str, limit: int, metric: str) -> None:
    run = measured(tmp_path, name, dataset, limit)
    assert [(m.cell.exporter, m.status, m.reason) for m in run.measurements if m.status != "ok"] == []
    test = registry.dataset(dataset).load(DataRequest("test", limit=limit))
    network = store.network(store.find(str(tmp_path / "models" / f"{name}.json")))
    with torch.inference_mode():
        outputs = network(torch.from_numpy(Values(test.input)[:])).numpy()
    by_hand = np.mean(outputs.argmax(1) == test.labels) if metric == "top1" else np.abs(outputs - test.labels).mean()
    for m in run.measurements:
        assert m.scores and m.scores.primary.metric.name == metric and m.scores.records == limit
        if m.precision == "fp32":
            assert m.scores.primary.value == pytest.approx(by_hand, rel=1e-4)
        predicted_by_scikit_learn.check(run, m)
    (advice,) = recommendation.recommend(run, Limits())
    assert advice.chosen
    folder = tmp_path / "run" / "artifacts" / name / "none" / "onnx"
    program = snippets.of(manifests.read(folder).artifact)
    said = subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True)
    assert any(one in said.stdout for one in test.classes), "the class, or the quantity with its value"


def test_an_export_needs_records_of_its_kind(tmp_path: Path) -> None:
    made = str(model(tmp_path / "models", "resnet8", "demo-digits"))
    with pytest.raises(PlanError, match="--dataset"):
        api.export((made,), ("onnx",), tmp_path / "out", dataset="demo")
    (outcome,) = api.export((made,), ("onnx",), tmp_path / "out", dataset="demo-digits").values()
    assert outcome.status == "ok" and outcome.value.task == "classification", outcome.reason
