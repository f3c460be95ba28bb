"""ImageNet weights are loaded where they fit, and a machine without network trains without them."""

from __future__ import annotations

import copy
import re
import socket
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import timm
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.models import pretrained


class Backbone(nn.Module):
    """Features and a classifier of 5 classes."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.classifier = nn.Linear(4, classes)


def unreachable(*args: object, **kwargs: object) -> None:
    raise URLError("Name or service not known\nand a second line")


def unchanged(network: nn.Module, before: dict[str, Tensor]) -> bool:
    after = network.state_dict()
    return all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize(
    "source", ["torchvision:MobileNet_V3_Small_Weights.IMAGENET1K_V1", "timm:convnext_atto.d2_in1k"]
)
def test_without_network_the_weights_stay(source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # nothing was fetched before
    monkeypatch.setattr(torch.hub, "urlopen", unreachable)
    monkeypatch.setattr(timm, "create_model", unreachable)
    network = Backbone()
    before = copy.deepcopy(network.state_dict())
    timeout = socket.getdefaulttimeout()
    note = pretrained.load_imagenet(network, source)
    assert unchanged(network, before)
    assert source in note and "URLError" in note and "\n" not in note
    assert socket.getdefaulttimeout() == timeout


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float | None] = []

    def fetch(source: str) -> dict[str, Tensor]:
        seen.append(socket.getdefaulttimeout())
        raise TimeoutError

    monkeypatch.setattr(pretrained, "_fetch", fetch)
    assert "TimeoutError" in pretrained.load_imagenet(Backbone(), "timm:any")
    assert seen == [pretrained.TIMEOUT_S]
    assert socket.getdefaulttimeout() is None


def test_a_name_that_does_not_exist_changes_nothing() -> None:
    network = Backbone()
    before = copy.deepcopy(network.state_dict())
    assert "No_Weights.AT_ALL" in pretrained.load_imagenet(network, "torchvision:No_Weights.AT_ALL")
    assert unchanged(network, before)


def test_all_but_the_classifier_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    imagenet = Backbone(classes=1000)
    imagenet.features[1].running_mean = torch.full((4,), 7.0)
    state = imagenet.state_dict() | {"auxiliary.weight": torch.zeros(2)}
    monkeypatch.setattr(pretrained, "_fetch", lambda source: state)
    network = Backbone()
    before = copy.deepcopy(network.state_dict())
    note = pretrained.load_imagenet(network, "timm:any")
    after = network.state_dict()
    taken = {name for name in after if torch.equal(after[name], state[name]) and name.startswith("features")}
    assert taken == {name for name in after if not name.startswith("classifier")}
    assert torch.equal(after["classifier.weight"], before["classifier.weight"])
    assert torch.equal(after["classifier.bias"], before["classifier.bias"])
    # Weight and bias of the convolution; weight, bias, mean, variance and a counter of the normalisation.
    assert re.findall(r"\d+", note) == ["7", "9"]


@pytest.mark.parametrize("name", ["deit-tiny", "mobilenetv3-small", "convnext-atto"])
def test_the_names_of_the_tensors_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published network has 1,000 classes and the same names, so that only the classifiers do not fit."""
    architecture: Any = registry.architecture(name)
    with torch.device("meta"):
        published = architecture.make(1000)
    state = {key: torch.full(value.shape, 2).to(value.dtype) for key, value in published.state_dict().items()}
    monkeypatch.setattr(pretrained, "_fetch", lambda source: state)
    network = architecture.make(5)
    pretrained.load_imagenet(network, architecture.pretrained)
    kept = {key.rpartition(".")[0] for key, value in network.state_dict().items() if not (value == 2).all()}
    assert kept == {
        "deit-tiny": {"head", "head_dist"}, "mobilenetv3-small": {"classifier.3"}, "convnext-atto": {"head.fc"}
    }[name]  # fmt: skip


@pytest.mark.parametrize("name", registry.names("models"))
def test_sources_exist(name: str) -> None:
    """Every source that an architecture names is one that its library knows."""
    library, _, weights = registry.architecture(name).pretrained.partition(":")
    if library == "timm":
        assert timm.is_model(weights.partition(".")[0])
        assert weights.partition(".")[0] in timm.list_models()
        assert weights in timm.list_pretrained()
    elif library:
        from torchvision import models

        assert models.get_weight(weights).meta["num_params"] > 1e6
