"""Every registered architecture; the shipped weights; and what they reach on PTB-XL."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgebench import registry
from edgebench.contracts import DataRequest
from edgebench.errors import ModelError
from edgebench.models import store
from edgebench.signals import SUPERCLASSES
from edgebench.statistics import decide, macro_auc, macro_f1
from edgebench.training.evaluation import predict


@pytest.mark.parametrize("name", registry.names("models"))
def test_contract(name: str) -> None:
    architecture = registry.architecture(name)
    network = architecture.build(5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(3, *architecture.input.shape)).shape == (3, 5)


@pytest.mark.parametrize("name", registry.names("models"))
def test_normalisation_is_inside(name: str) -> None:
    architecture = registry.architecture(name)
    network = architecture.build(5).eval()
    signals = torch.randn(2, *architecture.input.shape)
    with torch.inference_mode():
        before = network(signals)
        architecture.fit_input(network, np.full(12, 1.5, np.float32), np.full(12, 2.0, np.float32))
        np.testing.assert_allclose(network(signals * 2 + 1.5).numpy(), before.numpy(), atol=1e-4)


def test_size_is_what_was_asked_for() -> None:
    parameters = sum(p.numel() for p in registry.architecture("resnet1d").build(5).parameters())
    assert 1_000_000 <= parameters <= 1_500_000


@pytest.mark.parametrize("name", store.shipped())
def test_shipped_model_is_complete(name: str) -> None:
    manifest = store.find(name).manifest
    assert manifest.classes == SUPERCLASSES
    assert all(0.05 <= t <= 0.95 for t in manifest.thresholds)
    assert set(manifest.scores) == {"fold9", "fold10"}
    assert manifest.training["dataset"] == "PTB-XL"
    assert manifest.parameters == sum(p.numel() for p in store.network(store.find(name)).parameters())


def test_demo_carries_signal() -> None:
    """A model trained on PTB-XL alone reaches 0.60 on the synthetic set."""
    records = registry.dataset("demo").load(DataRequest("test"))
    model = store.find("resnet1d")
    logits = predict(store.network(model), records, torch.device("cpu"))
    assert macro_f1(records.labels, decide(logits, model.manifest.thresholds)) >= 0.60


@pytest.mark.ptbxl
@pytest.mark.parametrize("name", store.shipped())
def test_scores_on_fold_10_are_the_manifests(name: str, ptbxl_all: Path) -> None:
    model = store.find(name)
    records = registry.dataset("ptbxl").load(DataRequest("test", ptbxl_all))
    logits = predict(store.network(model), records, torch.device("cpu"))
    told = model.manifest.scores["fold10"]
    assert macro_auc(records.labels, logits) == pytest.approx(told.macro_auc, abs=1e-4)
    assert macro_f1(records.labels, decide(logits, model.manifest.thresholds)) == pytest.approx(told.macro_f1, abs=1e-3)
    if name == "resnet1d":
        assert told.macro_auc >= 0.925
        assert told.macro_f1 >= 0.735


def copy_of_shipped(folder: Path) -> Path:
    for suffix in (".json", ".safetensors"):
        shutil.copy(store.SHIPPED / f"resnet1d{suffix}", folder)
    return folder / "resnet1d.json"


def test_a_path_to_a_manifest_works(tmp_path: Path) -> None:
    assert store.find(str(copy_of_shipped(tmp_path))).weights == tmp_path / "resnet1d.safetensors"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"thresholds": [0.5]}, "1 thresholds for 5 classes"),
        ({"weights": "../other.safetensors"}, "are not beside it"),
        ({"weights_sha256": "0" * 64}, "its SHA-256 is not the manifest's"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = copy_of_shipped(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=said):
        store.find(str(path))
