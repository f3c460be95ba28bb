"""Weights that the architecture's own code runs: built, resized, loaded, or refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_networks
import torch
from bundle_makers import contents
from safetensors.torch import save_file
from torch import nn

from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.models import structure
from edgebench.quantization.partition import replaced
from edgebench.runtimes.eager import RUNTIME

SIGNALS = np.random.default_rng(0).normal(0, 0.3, (2, 12, 1000)).astype(np.float32)


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    small_networks.register(monkeypatch)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    ((made, _),) = contents(tmp_path / "made", form="eager", data=False).artifacts
    return replace(made, architecture="small-signal")


def stored(network: nn.Module, folder: Path) -> Path:
    save_file(network.state_dict(), folder / "model.safetensors")
    return folder / "model.safetensors"


def test_it_predicts_as_the_network(artifact: Artifact, tmp_path: Path) -> None:
    network = small_networks.SIGNAL.build(5).train()
    session = RUNTIME.load(stored(network, tmp_path), artifact, "cpu")
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(SIGNALS)).numpy()
    assert np.array_equal(session.predict(SIGNALS), expected), "in eval mode"
    assert session.settings["device"] == "cpu" and session.peak_device_bytes() is None


def test_a_pruned_network_is_built_from_its_sizes(artifact: Artifact, tmp_path: Path) -> None:
    network, small = small_networks.SIGNAL.build(5), small_networks.SIGNAL.build(5)
    for path, part in {
        "features.0": nn.Conv1d(12, 8, 15, stride=8), "features.1": nn.BatchNorm1d(8),
        "features.3": nn.Conv1d(8, 32, 5, stride=4, padding=2),
    }.items():  # fmt: skip
        replaced(small, path, part)
    sizes = structure.changes(small.eval(), network)
    session = RUNTIME.load(stored(small, tmp_path), replace(artifact, structure=sizes), "cpu")
    with torch.inference_mode():
        assert np.array_equal(session.predict(SIGNALS), small(torch.from_numpy(SIGNALS)).numpy())
    with pytest.raises(ArtifactError, match="small-signal"):
        RUNTIME.load(tmp_path / "model.safetensors", artifact, "cpu")  # without its sizes they do not fit


def test_what_cannot_be_loaded_is_one_line(artifact: Artifact, tmp_path: Path) -> None:
    path = stored(small_networks.SIGNAL.build(4), tmp_path)
    other = replace(artifact, structure={"nowhere": {"out_channels": 3}})
    for wrong in (artifact, other):
        with pytest.raises(ArtifactError) as refused:
            RUNTIME.load(path, wrong, "cpu")
        assert str(path) in str(refused.value) and "\n" not in str(refused.value)
    path.write_bytes(b"nothing of use")
    with pytest.raises(ArtifactError, match=str(path)):
        RUNTIME.load(path, artifact, "cpu")


def test_its_operators_are_timed(artifact: Artifact, tmp_path: Path) -> None:
    path = stored(small_networks.SIGNAL.build(5), tmp_path)
    found = RUNTIME.profile(path, artifact, "cpu", [(SIGNALS[:1],)] * 3)
    assert any("conv" in operator.name for operator in found) and all(operator.seconds >= 0 for operator in found)
