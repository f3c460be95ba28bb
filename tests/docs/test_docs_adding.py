"""The plug-ins that docs/adding.md shows: each is loaded by the page's entry points, and used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import doc_plugins
import numpy as np
import pytest
import torch
from compress_tasks import task
from doc_blocks import ROOT, blocks
from doc_examples import is_fragment
from helpers import PluginMaker
from torch import nn

from edgebench import api
from edgebench.core import registry
from edgebench.core.contracts import Artifact
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import DataError
from edgebench.core.files import sha256
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ECG
from edgebench.models import store
from edgebench.pipeline import run_store


@pytest.fixture
def plugins(plugin: PluginMaker) -> dict[str, str]:
    return doc_plugins.install(plugin)


def test_the_page_has_one_of_each_kind(plugins: dict[str, str]) -> None:
    assert set(plugins) == {"exporters", "runtimes", "datasets", "tasks", "models", "variants", "renderers"}
    for kind, name in plugins.items():
        assert name in registry.names(kind)


def test_the_exporter_and_its_runtime(plugins: dict[str, str], tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12000, 5)).eval()
    exporter = registry.exporter(plugins["exporters"])
    made = exporter.export(ExportTask(network, tmp_path, tmp_path, ECG, lambda: np.zeros((1, 12, 1000), "f4")))
    runtime = registry.runtime(exporter.format)
    assert (runtime.unavailable("cpu", ""), bool(runtime.unavailable("cuda", ""))) == ("", True)
    runtime.start(1, "")
    size, digest = made.file.stat().st_size, sha256(made.file)
    artifact = Artifact(
        "m",
        "none",
        "pt2",
        "pt2",
        "fp32",
        "f",
        digest,
        size,
        tuple("abcde"),
        (0.5,) * 5,
        ECG,
        None,
        None,
        "",
        task="",
    )
    signals = np.random.default_rng(0).standard_normal((3, 12, 1000)).astype(np.float32)
    session = runtime.load(made.file, artifact, "cpu")
    with torch.inference_mode():
        assert session.predict(signals) == pytest.approx(network(torch.from_numpy(signals)).numpy(), abs=1e-5)
    assert session.peak_device_bytes() is None


def test_the_dataset(plugins: dict[str, str], tmp_path: Path) -> None:
    for split in ("train", "validation", "test"):
        np.save(tmp_path / f"{split}.npy", np.full((4, 12, 1000), 7, np.int16))
        np.save(tmp_path / f"{split}-labels.npy", np.eye(5, dtype=np.uint8)[:4])
    records = registry.dataset(plugins["datasets"]).load(DataRequest("test", tmp_path, limit=3))
    assert (len(records), records.labels.shape, np.load(records.input.path).shape) == (3, (3, 5), (3, 12, 1000))


def test_the_task_scores_and_trains(plugins: dict[str, str], tmp_path: Path) -> None:
    """Records of another task take it; a training learns by its loss."""
    name = plugins["tasks"]
    task = registry.task(name)
    targets, logs = np.array([1.0, 2, 4]), np.log([[2.0], [2.0], [1.0]]).astype(np.float32)
    weights = np.array([[1, 1, 1], [0, 3, 0]], np.float32)
    assert task.score(targets, logs, (), weights)["factor"] == pytest.approx([2, 1])
    assert task.score(targets, logs, (), None)["factor"] == pytest.approx([2])
    x = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=x, y=np.exp(x.sum(1)))
    code = "from torch import nn\n\n\ndef net(outputs):\n    return nn.Linear(3, outputs)\n"
    (tmp_path / "net.py").write_text(code)
    recipe = {"epochs": 30, "learning_rate": 0.05, "ema": 0.5, "patience": 30}
    made = api.train(
        f"{tmp_path}/net.py:net", "arrays", tmp_path / "x.npz", task=name, recipe=recipe, output=tmp_path / "models"
    )
    assert store.find(str(made)).manifest.scores["test"].metrics["factor"] < 1.5
    with pytest.raises(DataError, match="1 positive numbers"):
        task.check(np.array([1.0, -1]), 1)


def test_the_model_and_the_variant(plugins: dict[str, str]) -> None:
    network = registry.architecture(plugins["models"]).build(5).eval()
    variant = registry.variant(plugins["variants"])
    variant.check("half")
    rounded = variant.apply(network, "half", task())
    with torch.inference_mode():
        assert rounded(torch.zeros(2, 12, 1000)).shape == (2, 5)
    assert all((p == p.half().float()).all() for p in rounded.parameters())


def test_the_report(plugins: dict[str, str]) -> None:
    renderer = registry.renderer(plugins["renderers"])
    files = renderer.render(run_store.read(ROOT / "results" / "reference" / "ptbxl-x86"))
    assert re.search(r"onnx-int8", str(files[renderer.file]))


def test_the_backbone_of_an_image_network() -> None:
    (fragment,) = [b for b in blocks(doc_plugins.PAGE, "python") if is_fragment(b)]
    names: dict[str, Any] = {}
    exec(compile(fragment.text, fragment.where, "exec"), names)
    network = names["ARCHITECTURE"].build(5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 12, 1000)).shape == (2, 5)
