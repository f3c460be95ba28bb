"""Learning from the teacher's features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import small_networks
import torch
from torch.nn import functional

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.recipe import Recipe
from edgebench.models import store
from edgebench.models.image import Window
from edgebench.training import views
from edgebench.training.hint import Hint
from edgebench.training.loop import Watch, train
from edgebench.training.state import EpochReport

RECIPE = Recipe(epochs=1, batch_size=4, learning_rate=1e-3, teacher="resnet1d", hint=1.0, crop=250)
WINDOW = Window(100, 250)


def hinted(name: str, recipe: Recipe = RECIPE) -> tuple[Any, Hint]:
    torch.manual_seed(0)
    architecture = registry.architecture(name)
    network = architecture.build(5)
    hint = Hint(network, architecture, recipe, architecture.input)
    hint.attach()
    return network, hint


@pytest.mark.parametrize(
    "name", ["resnet1d", "inceptiontime", "mobilenetv3-small", "convnext-atto", "vit", "deit-tiny"]
)
def test_the_distance_teaches_the_network(name: str) -> None:
    network, hint = hinted(name)
    signals = torch.randn(4, 12, 1000)
    views.forward(network.train(), signals, WINDOW)
    distance = hint(signals, WINDOW)
    distance.backward()
    assert 0.5 < distance.item() < 3
    assert any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in network.parameters())
    assert all(p.grad is not None for p in hint.adapter.parameters())
    assert len(hint.state_dict()) == len(hint.adapter.state_dict())  # neither the network nor the teacher


def test_the_distance_is_that_of_standardised_features() -> None:
    network, hint = hinted("resnet1d")
    signals = torch.randn(4, 12, 1000)
    with torch.no_grad():
        views.forward(network.eval(), signals, WINDOW)
        found = hint(signals, WINDOW)
        teacher: Any = store.network(store.find("resnet1d")).eval()
        of_teacher, of_student = (
            n.blocks(n.stem(n.standardise(signals[..., 100:350]))) for n in (teacher, network)
        )  # fmt: skip
        mean, deviation = of_teacher.mean((0, 2), keepdim=True), of_teacher.var((0, 2), unbiased=False, keepdim=True)
        wanted = (of_teacher - mean) / (deviation + 1e-5).sqrt()
    # The adapter's normalisation is that of the batch while it trains.
    assert found.item() == pytest.approx(functional.mse_loss(hint.adapter(of_student), wanted).item(), abs=1e-3)


def test_a_column_of_patches_is_one_moment() -> None:
    network: Any = registry.architecture("vit").build(5)
    tokens = torch.arange(3 * 8.0).reshape(1, 24, 1).expand(2, 24, 256)  # three rows of eight columns
    features = network.over_time(tokens, WINDOW)
    assert features.shape == (2, 256, 8)
    assert features[0, 0].tolist() == [8.0 + column for column in range(8)]


CHANGES = {
    "epochs": 2, "batch_size": 64, "teacher": "resnet1d", "hint": 1.0, "crop": 100, "validation_records": 8,
    "learning_rate": 1e-3, "pretrained": False,
}  # fmt: skip


def test_a_resumed_training_with_a_hint_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_networks.register(monkeypatch)
    whole = train("small-signal", "demo", None, tmp_path / "whole", CHANGES)

    def stop(report: EpochReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("small-signal", "demo", None, tmp_path / "parts", CHANGES, watch=Watch(epoch=stop))
    parts = train("small-signal", "demo", None, tmp_path / "parts", CHANGES, resume=True)
    a, b = (store.network(store.find(str(p))).state_dict() for p in (whole, parts))
    assert all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.slow
def test_a_compiled_network_learns_from_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_networks.register(monkeypatch)
    changes = CHANGES | {"epochs": 1, "row_keep": 0.5}
    losses: list[float] = []
    watch = Watch(epoch=lambda report: losses.append(report.loss))
    for compiled in (False, True):
        train("small-patches", "demo", None, tmp_path / str(compiled), changes, compiled=compiled, watch=watch)
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


@pytest.mark.parametrize(
    ("name", "changes", "named"),
    [
        ("resnet1d", {"hint": 1.0}, "teacher"),
        ("resnet1d", {"hint": 1.0, "teacher": "resnet1d,inceptiontime"}, "one teacher"),
        ("vit", {"hint": 1.0, "teacher": "resnet1d", "patch_keep": 0.5}, "patch_keep"),
        ("swin-tiny", {"hint": 1.0, "teacher": "resnet1d"}, "swin-tiny"),
    ],
)
def test_a_hint_that_is_not_possible(name: str, changes: dict[str, Any], named: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=named):
        train(name, "demo", None, tmp_path, changes)
