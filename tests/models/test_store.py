"""Trained models: their manifests and weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edgebench.core.errors import ModelError
from edgebench.data.signals import SUPERCLASSES
from edgebench.models import store


@pytest.mark.parametrize("name", store.shipped())
def test_shipped_model_is_complete(name: str) -> None:
    manifest = store.find(name).manifest
    assert manifest.classes == SUPERCLASSES
    assert all(0.05 <= t <= 0.95 for t in manifest.thresholds)
    assert set(manifest.scores) == {"fold9", "fold10"}
    assert manifest.training["dataset"] == "PTB-XL"
    assert manifest.parameters == sum(p.numel() for p in store.network(store.find(name)).parameters())


def copy_of_shipped(folder: Path) -> Path:
    for suffix in (".json", ".safetensors"):
        shutil.copy(store.SHIPPED / f"resnet1d{suffix}", folder)
    return folder / "resnet1d.json"


def test_a_path_to_a_manifest_works(tmp_path: Path) -> None:
    assert store.find(str(copy_of_shipped(tmp_path))).weights == tmp_path / "resnet1d.safetensors"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"thresholds": [0.5]}, "thresholds"),
        ({"weights": "../other.safetensors"}, "../other.safetensors"),
        ({"weights_sha256": "0" * 64}, "resnet1d.safetensors"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path: Path, change: dict[str, object], named: str) -> None:
    path = copy_of_shipped(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=named):
        store.find(str(path))
