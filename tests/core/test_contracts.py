"""What every registered dataset, runtime, variant and target must be; a new one needs no test file of its own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from compress_tasks import task

from edgebench.core import registry, target_profiles
from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import DataError
from edgebench.measuring import environment

DATASETS = ["ptbxl", *(name for name in registry.names("datasets") if name.startswith("demo"))]
"""Those that tests have records of; the tests of the others make their own."""
FEW = 24


@pytest.mark.parametrize("split", ["train", "validation", "test", "calibration"])
@pytest.mark.parametrize("name", DATASETS)
def test_datasets(name: str, split: Split, ptbxl: Path) -> None:
    dataset = registry.dataset(name)
    records = dataset.load(DataRequest(split, ptbxl, limit=FEW))
    stored = np.load(records.input.path)
    assert stored.dtype == records.input.storage.dtype
    assert stored.shape == (len(records), *records.input.spec.shape)
    assert records.classes == dataset.classes and records.task == dataset.task
    registry.task(records.task).check(records.labels, len(dataset.classes))
    assert records.task != "multilabel" or records.labels.any(axis=1).all()
    assert len(set(records.ids.tolist())) == len(records) > 0
    assert records.label == dataset.label


@pytest.mark.parametrize("name", DATASETS)
def test_calibration_is_never_from_the_test_records(name: str, ptbxl: Path) -> None:
    dataset = registry.dataset(name)
    calibration = np.load(dataset.load(DataRequest("calibration", ptbxl, limit=FEW)).input.path)
    test = np.load(dataset.load(DataRequest("test", ptbxl, limit=FEW)).input.path)
    seen = {record.tobytes() for record in calibration}
    assert not any(record.tobytes() in seen for record in test)


def test_ptbxl_needs_its_folder() -> None:
    with pytest.raises(DataError, match="--data-dir"):
        registry.dataset("ptbxl").load(DataRequest("test"))


@pytest.mark.parametrize("name", registry.names("runtimes"))
def test_runtimes(name: str) -> None:
    runtime = registry.runtime(name)
    assert runtime.format == name
    installed = all(importlib.util.find_spec(module) for module in getattr(runtime, "modules", ()))
    assert (runtime.unavailable("cpu", "") == "") == installed


AMOUNTS = {"l1": "l1-0.4", "random": "random-0.4", "structured": "structured-0.2"}


@pytest.mark.parametrize("name", registry.names("variants"))
def test_variants(name: str) -> None:
    architecture, spec = registry.architecture("resnet1d"), AMOUNTS.get(name, name)
    variant = registry.variant(spec)
    assert variant.name == name
    variant.check(spec)
    network = variant.apply(architecture.build(5).eval(), spec, task()).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, *architecture.input.shape)).shape == (2, 5)


@pytest.mark.parametrize("name", target_profiles.names())
def test_targets(name: str) -> None:
    target = target_profiles.find(name, environment.machine())
    assert target.name == name
    assert target.description
    assert target.threads >= 1
    assert target.quantized_engine in ("", "fbgemm", "qnnpack", "x86", "onednn")
