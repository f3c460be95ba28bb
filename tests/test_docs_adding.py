"""The plug-ins that docs/adding.md shows: each is loaded by the page's entry points, and used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from compress_tasks import task
from doc_blocks import ROOT, blocks
from helpers import PluginMaker
from torch import nn

from edgebench import registry, run_store
from edgebench.artifacts import Built
from edgebench.contracts import DataRequest, InputContract
from edgebench.protocols import ExportTask
from edgebench.signals import open_signals

PAGE = ROOT / "docs" / "adding.md"


@pytest.fixture
def plugins(plugin: PluginMaker) -> dict[str, str]:
    """Install every plug-in of the page; returns the name of each by its kind."""
    found: dict[str, str] = {}
    code = [b.text for b in blocks(PAGE, "python") if b.text.startswith('"""')]
    points = [
        tomllib.loads(b.text)["project"]["entry-points"] for b in blocks(PAGE, "toml") if b.text.startswith("[proj")
    ]
    assert len(code) == len(points) == 6
    for text, entry in zip(code, points, strict=True):
        ((group, named),) = entry.items()
        ((name, place),) = named.items()
        module, attribute = f"added_{name.replace('-', '_')}_{len(found)}", place.partition(":")[2]
        assert f"{attribute} = " in text
        found[group.removeprefix("edgebench.")] = name
        plugin(module, text, f"[{group}]\n{name} = {module}:{attribute}\n")
    return found


def test_the_page_has_one_of_each_kind(plugins: dict[str, str]) -> None:
    assert set(plugins) == {"exporters", "runtimes", "datasets", "models", "variants", "renderers"}
    for kind, name in plugins.items():
        assert name in registry.names(kind)


def test_the_exporter_and_its_runtime(plugins: dict[str, str], tmp_path: Path, artifact: Built) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12000, 5)).eval()
    exporter = registry.exporter(plugins["exporters"])
    made = exporter.export(
        ExportTask(network, tmp_path, tmp_path, InputContract(), lambda: np.zeros((1, 12, 1000), "f4"))
    )
    runtime = registry.runtime(exporter.format)
    assert (runtime.unavailable("cpu", ""), bool(runtime.unavailable("cuda", ""))) == ("", True)
    runtime.start(1, "")
    assert artifact.artifact
    signals = np.random.default_rng(0).standard_normal((3, 12, 1000)).astype(np.float32)
    session = runtime.load(made.file, artifact.artifact, "cpu")
    with torch.inference_mode():
        assert session.predict(signals) == pytest.approx(network(torch.from_numpy(signals)).numpy(), abs=1e-5)
    assert session.peak_device_bytes() is None


def test_the_dataset(plugins: dict[str, str], tmp_path: Path) -> None:
    for split in ("train", "validation", "test"):
        np.save(tmp_path / f"{split}.npy", np.full((4, 12, 1000), 7, np.int16))
        np.save(tmp_path / f"{split}-labels.npy", np.eye(5, dtype=np.uint8)[:4])
    records = registry.dataset(plugins["datasets"]).load(DataRequest("test", tmp_path, limit=3))
    assert (len(records), records.labels.shape, open_signals(records.signals).shape) == (3, (3, 5), (3, 12, 1000))


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
