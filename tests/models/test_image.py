"""The conversion of the signal to an image is torchvision's resize, in every format to which a network is exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from edgebench.exporters._onnx_graph import save_graph  # type: ignore[import-not-found]  # mypy sees it as exporters
from torch import Tensor, nn
from torchvision.transforms.v2 import functional

from edgebench.core.protocols import ExportTask
from edgebench.core.recipe import Recipe
from edgebench.data.signals import ECG, ecg
from edgebench.models.image import ImageArchitecture, ImageClassifier, SignalToImage, Window, resize_taps

SIZES = [(182, 256), (224, 224), (299, 299)]
MEAN, STD = torch.linspace(-0.2, 0.3, 12), torch.linspace(0.1, 0.6, 12)


def signals(batch: int) -> Tensor:
    """Noise in mV with another size and another offset in each lead."""
    noise = torch.randn(batch, 12, 1000, generator=torch.Generator().manual_seed(batch))
    return noise * STD[:, None] + MEAN[:, None]


def layer(height: int, width: int, channels: int = 1) -> SignalToImage:
    made = SignalToImage(height, width, channels).eval()
    made.standardise.fit(MEAN, STD)
    return made


def classifier() -> ImageClassifier:
    """A backbone that takes images of any size, with logits that depend on every pixel."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 5))
    return ImageClassifier(layer(182, 256), body).eval()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_image_is_torchvisions(height: int, width: int, channels: int) -> None:
    batch = signals(3)
    standardised = ((batch - MEAN[:, None]) / STD[:, None]).unsqueeze(1)
    expected = functional.resize(standardised, [height, width], antialias=True)
    image = layer(height, width, channels)(batch)
    assert image.shape == (3, channels, height, width)
    torch.testing.assert_close(image, expected.expand_as(image), rtol=0, atol=1e-4)


def test_other_leads_and_lengths_too() -> None:
    """Longer and shorter than the image, and two leads only."""
    for samples in (100, 2500):
        batch = torch.randn(2, 2, samples)
        expected = functional.resize(batch.unsqueeze(1), [64, 128], antialias=True)
        torch.testing.assert_close(SignalToImage(64, 128, 1, 2, samples)(batch), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("inputs", "outputs"), [(1000, 256), (1000, 224), (1000, 299), (12, 182), (12, 299), (7, 7)])
def test_weights_sum_to_one(inputs: int, outputs: int) -> None:
    indices, weights = resize_taps(inputs, outputs)
    assert indices.shape == weights.shape and len(indices) == outputs
    torch.testing.assert_close(weights.sum(1), torch.ones(outputs), rtol=0, atol=1e-6)
    assert (weights >= 0).all()
    assert indices.min() >= 0 and indices.max() == inputs - 1


@pytest.mark.parametrize(
    ("inputs", "rows"),
    [
        # Output 0 is centred on 1.0, with a triangle of half-width 2: 3/4, 3/4 and 1/4 at 0.5, 1.5 and 2.5.
        (4, [[3 / 7, 3 / 7, 1 / 7, 0], [0, 1 / 7, 3 / 7, 3 / 7]]),
        # Outputs are centred on 0.25, 0.75, 1.25 and 1.75, with a triangle of half-width 1, cut off at the borders.
        (2, [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]),
        # The same size changes nothing.
        (3, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ],
)
def test_resizes_by_hand(inputs: int, rows: list[list[float]]) -> None:
    indices, weights = resize_taps(inputs, len(rows))
    matrix = torch.zeros(len(rows), inputs).scatter_add_(1, indices, weights)
    torch.testing.assert_close(matrix, torch.tensor(rows))


def test_buffers_that_follow_from_the_sizes_are_not_stored() -> None:
    assert set(layer(182, 256).state_dict()) == {"standardise.mean", "standardise.scale"}


@pytest.mark.parametrize("channels", [1, 3])
def test_traces_agree(channels: int) -> None:
    made, batch = layer(182, 256, channels), signals(3)
    expected = made(batch)
    assert torch.equal(torch.fx.symbolic_trace(made)(batch), expected)
    # The example has another number of records: a trace that took it for a constant would fail.
    traced = torch.jit.trace(made, signals(1))  # type: ignore[no-untyped-call]
    assert torch.equal(traced(batch), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_onnx_agrees(channels: int, tmp_path: Path) -> None:
    made = layer(182, 256, channels)
    task = ExportTask(made, tmp_path, tmp_path, ECG, lambda: np.zeros((0, *ECG.shape), np.float32))
    path = save_graph(task, tmp_path / "image.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        (image,) = session.run(None, {"signals": signals(batch).numpy()})
        np.testing.assert_allclose(image, made(signals(batch)).numpy(), rtol=0, atol=1e-4)


def test_the_window_of_everything_is_the_whole() -> None:
    network, batch = classifier(), signals(2)
    assert torch.equal(network.forward_window(batch, Window(0, 1000, 1.0)), network(batch))  # type: ignore[arg-type]


@pytest.mark.parametrize(("start", "length", "left", "wide"), [(0, 250, 0, 64), (500, 500, 128, 128), (3, 101, 0, 26)])
def test_a_window_is_the_image_cropped(start: int, length: int, left: int, wide: int) -> None:
    """0.256 columns a sample; the last one ends between two columns."""
    network, batch = classifier(), signals(2)
    expected = network.backbone(network.image(batch)[..., left : left + wide])
    assert torch.equal(network.forward_window(batch, Window(start, length, 1.0)), expected)  # type: ignore[arg-type]
    assert not torch.allclose(expected, network(batch), atol=1e-4)


def test_a_smaller_scale_is_a_smaller_image() -> None:
    network, batch, seen = classifier(), signals(2), []
    network.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network.forward_window(batch, Window(0, 1000, 0.5))
    expected = functional.resize(network.image(batch), [91, 128], antialias=True)
    torch.testing.assert_close(seen[0], expected, rtol=0, atol=1e-4)


def test_an_architecture_builds_what_it_says() -> None:
    requested = []

    def make(classes: int) -> nn.Module:
        requested.append(classes)
        return nn.Flatten()

    recipe = Recipe.published(1e-3)
    made = ImageArchitecture("a", recipe, make, 60, 80, 3, input=ecg(("I", "II"), 500)).build(7)
    assert requested == [7]
    assert made(torch.zeros(2, 2, 500)).shape == (2, 3 * 60 * 80)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_progressive_resizing_works_in_mixed_precision(dtype: torch.dtype) -> None:
    network = classifier()
    with torch.autocast("cpu", dtype):
        network.forward_window(signals(2), Window(0, 1000, 0.57))
