"""Quantization within a bound for tasks without thresholds, on a few records of random numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgebench.core import registry
from edgebench.core.inputs import InputSpec
from edgebench.models import building, store
from edgebench.search import mixed_precision
from edgebench.search.mixed_precision import Request

SPLITS = ("train", "validation", "test")


def arrays(folder: Path, kind: str) -> Path:
    """24 images of noise a split, with a class or a quantity each, or without labels."""
    found: dict[str, Any] = {}
    for number, split in enumerate(SPLITS):
        images = np.random.default_rng(number).random((24, 1, 16, 16)).astype(np.float32)
        labels = {"classes": np.arange(24) % 3, "quantities": images.mean(axis=(1, 2, 3), dtype=np.float64) * 100}
        found[f"x_{split}"] = images
        if kind in labels:
            found[f"y_{split}"] = labels[kind]
    path = folder / "data.npz"
    np.savez(path, **found)
    return path


def model(folder: Path, task: str, classes: tuple[str, ...]) -> str:
    """An untrained small network for such images."""
    spec = InputSpec((1, 16, 16), ("channel", "row", "column"))
    torch.manual_seed(0)
    network = building.build(registry.architecture("resnet8"), len(classes), spec)
    fields = {
        "name": "resnet8", "architecture": "resnet8", "classes": classes, "thresholds": (), "task": task, "unit": "",
        "input": spec, "license": "unknown", "training": {}, "scores": {},
        "parameters": sum(p.numel() for p in network.parameters()),
    }  # fmt: skip
    return str(store.save(network, folder, fields))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "task", "classes", "metric"),
    [
        ("classes", "classification", ("a", "b", "c"), "top1"),
        ("quantities", "regression", ("y",), "mae"),
        ("nothing", "classification", ("a", "b", "c"), "cosine"),
    ],
)
def test_the_tasks_own_metric_decides(
    kind: str, task: str, classes: tuple[str, ...], metric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    options = {"axes": "channel,row,column"} | ({"classes": ",".join(classes)} if kind == "classes" else {})
    request = Request(
        model(tmp_path, task, classes), "onnx-int8", 0.5, "arrays", arrays(tmp_path, kind), 8, options=options
    )
    found, ranked = mixed_precision.search(request, tmp_path / "out")
    one = found.validation
    assert one.metric.name == metric and found.trials[0].in_float == 0
    assert found.trials[0].drop == pytest.approx(
        one.metric.drop(found.trials[0].score, found.trials[0].score - one.value)
    )
    assert found.within == (found.trials[-1].drop <= 0.5)
    assert all(0 <= s.agreement <= 1 for s in ranked) and {"float", "int8", "found"} == set(found.test)
    if metric == "cosine":
        assert one.value == 1 and found.test["float"].primary.value == 1 > found.test["int8"].primary.value
