"""The part of a record that an epoch sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.core.recipe import Recipe
from edgebench.data.signals import MICROVOLTS
from edgebench.data.stored import values
from edgebench.models import store
from edgebench.models.image import ImageClassifier, SignalToImage, Window
from edgebench.models.transformer import PatchClassifier
from edgebench.quantization import qat
from edgebench.quantization.aware import QuantizationAware
from edgebench.quantization.partition import Partition
from edgebench.training import views

RECIPE = Recipe(epochs=20, batch_size=8, learning_rate=0.1)
PROGRESSIVE = replace(RECIPE, progressive=(0.57, 0.79, 1.0), whole_epochs=5, crop=250, patch_keep=0.5, row_keep=0.75)


SIGNALS = InputSpec((12, 1000), ("lead", "sample"))
IMAGES = InputSpec((3, 8, 8), ("channel", "row", "column"))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_last_epochs_are_whole() -> None:
    assert [views.is_whole(PROGRESSIVE, epoch) for epoch in range(20)] == [False] * 15 + [True] * 5
    assert not any(views.is_whole(RECIPE, epoch) for epoch in range(20))
    assert all(views.is_whole(replace(RECIPE, whole_epochs=30), epoch) for epoch in range(20))


@pytest.mark.parametrize(
    ("recipe", "scales"),
    [
        (PROGRESSIVE, [0.57] * 5 + [0.79] * 5 + [1.0] * 10),
        (replace(PROGRESSIVE, epochs=7, whole_epochs=0), [0.57] * 3 + [0.79] * 2 + [1.0] * 2),
        (RECIPE, [1.0] * 20),
    ],
    ids=["before-whole-epochs", "without-whole-epochs", "not-progressive"],
)
def test_images_grow_in_equal_parts(recipe: Recipe, scales: list[float]) -> None:
    assert [views.image_scale(recipe, epoch) for epoch in range(len(scales))] == scales


def test_windows_are_inside_and_reach_both_ends() -> None:
    random, recipe = seeded(), replace(RECIPE, crop=996)
    found = [views.choose_window(recipe, 0, 1000, random) for _ in range(200)]
    assert {window.samples for window in found} == {996}
    assert {window.start for window in found} == {0, 1, 2, 3, 4}


def test_the_same_seed_chooses_the_same_windows() -> None:
    first, second, other = (
        [views.choose_window(PROGRESSIVE, 0, 1000, random) for _ in range(20)]
        for random in (seeded(7), seeded(7), seeded(8))
    )
    assert first == second != other


@pytest.mark.parametrize(("crop", "epoch"), [(0, 0), (1000, 0), (2000, 0), (-1, 0), (250, 15)])
def test_whole_records_where_there_is_no_window(crop: int, epoch: int) -> None:
    random = seeded()
    before = random.get_state()
    assert views.choose_window(replace(PROGRESSIVE, crop=crop), epoch, 1000, random) == Window(
        0, 1000, *((1.0, 1.0, 1.0) if epoch else (0.57, 0.5, 0.75))
    )
    assert torch.equal(random.get_state(), before)


class Seen(ImageClassifier):
    """Records its calls."""

    def __init__(self) -> None:
        super().__init__(SignalToImage(8, 8), nn.Flatten())
        self.calls: list[Window] = []

    def forward_window(self, signals: Tensor, window: Window) -> Tensor:
        self.calls.append(window)
        return signals


def test_a_network_on_the_image_gets_the_window() -> None:
    network, signals = Seen(), torch.zeros(1, 12, 1000)
    window = Window(100, 250, 0.57, 0.5, 0.75)
    views.forward(network, signals, window)
    assert network.calls == [window]


def test_the_window_of_a_step_follows_the_recipe() -> None:
    window = views.choose_window(PROGRESSIVE, 0, 1000, seeded())
    assert window == Window(window.start, 250, 0.57, 0.5, 0.75)
    assert views.choose_window(PROGRESSIVE, 15, 1000, seeded()) == Window(0, 1000)


def test_a_network_on_the_signal_gets_the_samples() -> None:
    signals = torch.arange(24.0).reshape(1, 2, 12)
    found = views.forward(nn.Identity(), signals, Window(3, 2))
    assert isinstance(found, Tensor)
    assert found.tolist() == [[[3.0, 4.0], [15.0, 16.0]]]
    whole = views.forward(nn.Identity(), signals, Window(0, 12))
    assert isinstance(whole, Tensor)
    assert torch.equal(whole, signals)


@pytest.mark.parametrize("network", [Seen(), nn.Sequential(nn.Linear(2, 2))], ids=["image", "signal"])
def test_compiling_keeps_the_names(network: nn.Module) -> None:
    before = list(network.state_dict())
    views.compile_in_place(network)
    assert list(network.state_dict()) == before
    compiled = network.part_to_compile() if isinstance(network, ImageClassifier) else network
    assert compiled._compiled_call_impl is not None


def test_patience_waits_for_the_last_phase() -> None:
    plain = replace(RECIPE, epochs=50, patience=6)
    assert next(e for e in range(50) if views.has_stalled(plain, e, 0)) == 6
    grown = replace(plain, progressive=(0.57, 0.79, 1.0))
    assert views.image_scale(grown, 33) < views.image_scale(grown, 34) == 1.0
    assert next(e for e in range(50) if views.has_stalled(grown, e, 0)) == 34 + 6
    assert next(e for e in range(50) if views.has_stalled(replace(plain, whole_epochs=10), e, 3)) == 46


def test_fields_without_effect_are_refused() -> None:
    signal, image, patches = nn.Identity(), Seen(), PatchClassifier(SignalToImage(8, 8), nn.Identity())
    for network, fields in (
        (signal, {"progressive": (0.5, 1.0)}), (signal, {"patch_keep": 0.5}), (image, {"row_keep": 0.5}),
        (patches, {"progressive": (0.5, 1.0)}),
    ):  # fmt: skip
        with pytest.raises(ModelError, match=f"{next(iter(fields))}.*{type(network).__name__}"):
            views.check(network, replace(RECIPE, **fields), SIGNALS)
    views.check(image, replace(RECIPE, progressive=(0.5, 1.0)), SIGNALS)
    views.check(patches, replace(RECIPE, patch_keep=0.5, row_keep=0.5), SIGNALS)


@pytest.mark.parametrize(
    ("fields", "fits"), [({"mirror": True}, IMAGES), ({"shift": 4}, IMAGES), ({"crop": 250}, SIGNALS)]
)
def test_fields_for_images_and_for_signals(fields: dict[str, Any], fits: InputSpec) -> None:
    recipe = replace(RECIPE, **fields)
    views.check(nn.Identity(), recipe, fits)
    with pytest.raises(ModelError, match=next(iter(fields))):
        views.check(nn.Identity(), recipe, SIGNALS if fits is IMAGES else IMAGES)


def test_kernels_on_images_are_channels_last_and_answer_the_same() -> None:
    network, images = nn.Conv2d(3, 4, 3), torch.randn(2, 3, 8, 8)
    before = network(images)
    views.fast_layout(network, SIGNALS)
    assert network.weight.is_contiguous()
    views.fast_layout(network, IMAGES)
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(network(images), before)


@pytest.mark.parametrize("name", ["mobilenetv3-small", "deit-tiny"])
def test_a_network_trained_with_quantization_gets_the_window_too(name: str) -> None:
    """The traced graph does not fix the window: the logits are those of float, except for rounding."""
    network = store.network(store.find(name)).eval()
    signals = registry.dataset("demo").load(DataRequest("test", limit=8)).input.path
    records = values(np.load(signals), MICROVOLTS)
    rounded = qat.prepare(network, "fbgemm", records).eval()
    for window in (Window(0, 1000), Window(300, 286)):
        with torch.no_grad():
            found = views.forward(rounded, torch.from_numpy(records), window)
            wanted = views.forward(network, torch.from_numpy(records), window)
        assert isinstance(found, Tensor)
        assert isinstance(wanted, Tensor)
        loss = float((found - wanted).abs().mean() / wanted.abs().max())
        assert 0 < loss < 0.2


def test_a_hint_needs_the_features_of_the_network_itself() -> None:
    rounded = QuantizationAware(nn.Identity(), Partition(), "fbgemm")
    with pytest.raises(ModelError, match="hint"):
        views.check(rounded, replace(RECIPE, hint=1.0, teacher="resnet1d"), SIGNALS)
    with pytest.raises(ModelError, match=r"row_keep.*Identity"):
        views.check(rounded, replace(RECIPE, row_keep=0.5), SIGNALS)
