"""Trained models: their manifests and weights."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import mutations
import pytest

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.data.signals import SUPERCLASSES
from edgebench.models import store


@pytest.mark.parametrize("name", store.shipped())
def test_shipped_model_is_complete(name: str) -> None:
    manifest = store.find(name).manifest
    assert manifest.name == name
    assert manifest.architecture == name or manifest.is_synthetic, "these names belong to networks for real records"
    if manifest.task == "multilabel":
        assert manifest.classes == SUPERCLASSES
        assert all(0.05 <= t <= 0.95 for t in manifest.thresholds)
        assert set(manifest.scores) == {"fold9", "fold10"}
    known = [registry.dataset(d) for d in registry.nameable("datasets")]
    (trained_on,) = [d for d in known if d.label == manifest.trained_on.removesuffix(" (JPEG copy)")]
    assert (trained_on.task, trained_on.classes) == (manifest.task, manifest.classes)
    assert [*trained_on.splits.values()][1:] == list(manifest.scores)
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


@pytest.mark.parametrize("content", [b"[" * 200_000, b"\xff\xfe", b"{", b"3", b"", b"\x00" * 100, b'{"a": 1}'])
def test_what_is_no_manifest_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"a\.json: not the manifest of a model") as refused:
        store.find(str(path))
    assert "\n" not in str(refused.value)


def test_a_manifest_is_a_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "loop.json").symlink_to("loop.json")
    for name in ("pipe.json", "folder.json", "loop.json"):
        with pytest.raises(ModelError, match=name):
            store.find(str(tmp_path / name))


@pytest.mark.slow
def test_damaged_manifests_are_read_or_refused(tmp_path: Path) -> None:
    path = copy_of_shipped(tmp_path)
    content = path.read_bytes()

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        store.find(str(path)).manifest.identity()

    _, refused = mutations.hold(read, mutations.of_bytes(content, 500))
    assert refused
    value = json.loads(content)
    mutations.hold(lambda changed: read(mutations.json_bytes(changed)), mutations.of_json(value, 500))
