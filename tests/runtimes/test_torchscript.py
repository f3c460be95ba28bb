"""TorchScript files: loaded and run, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from bundle_makers import contents
from torch import nn

from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.runtimes.torchscript import RUNTIME

SIGNALS = np.random.default_rng(0).normal(0, 0.3, (2, 12, 1000)).astype(np.float32)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    ((made, _),) = contents(tmp_path / "made", form="torchscript", data=False).artifacts
    return made


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    features = nn.Sequential(nn.Conv1d(12, 4, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    return nn.Sequential(*features, nn.Linear(4, 5))


@pytest.fixture
def path(network: nn.Module, tmp_path: Path) -> Path:
    torch.jit.trace(network, torch.from_numpy(SIGNALS)).save(tmp_path / "model.pt")  # type: ignore[no-untyped-call]
    return tmp_path / "model.pt"


def test_it_predicts_as_the_network(
    network: nn.Module, path: Path, artifact: Artifact, recwarn: pytest.WarningsRecorder
) -> None:
    session = RUNTIME.load(path, artifact, "cpu")
    with torch.inference_mode():
        expected = network(torch.from_numpy(SIGNALS)).numpy()
    np.testing.assert_allclose(session.predict(SIGNALS), expected, atol=1e-6)
    assert session.settings["device"] == "cpu" and session.peak_device_bytes() is None
    assert not [w for w in recwarn.list if "torch.jit.load" in str(w.message)], "its removal is no news for a user"


@pytest.mark.parametrize("content", [b"nothing of use", b""])
def test_what_cannot_be_loaded_is_one_line(content: bytes, path: Path, artifact: Artifact) -> None:
    path.write_bytes(content)
    with pytest.raises(ArtifactError) as refused:
        RUNTIME.load(path, artifact, "cpu")
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_its_operators_are_timed(path: Path, artifact: Artifact) -> None:
    found = RUNTIME.profile(path, artifact, "cpu", [(SIGNALS[:1],)] * 3)
    assert any("conv" in operator.name for operator in found) and all(operator.seconds >= 0 for operator in found)
