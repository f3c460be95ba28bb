"""The conversion of the signal to an image, inside the graph, and the networks that take that image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgebench.core.inputs import InputSpec
from edgebench.core.recipe import Recipe
from edgebench.data.signals import ecg
from edgebench.models.layers import Standardise, fit_standardise
from edgebench.models.pictures import fit_normalise, of_backbone


def resize_taps(inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
    """The inputs that form each output of a linear resize with antialiasing, and their weights.

    Returns indices (outputs, taps) and weights (outputs, taps); each row of weights sums to 1. The filter is a triangle
    that reaches `max(inputs / outputs, 1)` to each side of the output's centre. At the borders it is cut off and
    normalised again, as in Pillow and in `torchvision.transforms.v2.functional.resize(..., antialias=True)`.
    """
    scale = inputs / outputs
    support = max(scale, 1.0)
    centres = (np.arange(outputs) + 0.5) * scale
    first = np.floor(centres - support + 0.5).clip(min=0)
    last = np.floor(centres + support + 0.5).clip(max=inputs)
    positions = first[:, None] + np.arange(int((last - first).max()))
    weights = (1 - np.abs((positions + 0.5 - centres[:, None]) / support)).clip(min=0)
    weights[positions >= last[:, None]] = 0
    # In NumPy until here, so that a network can be built on the meta device, where tensors have no values.
    indices = positions.clip(max=inputs - 1).astype(np.int64)
    return torch.tensor(indices), torch.tensor(weights / weights.sum(1, keepdims=True), dtype=torch.float32)


class SignalToImage(nn.Module):
    """Signals (batch, leads, samples) in mV to an image (batch, channels, height, width).

    The rows are the leads and the columns are time. Each lead is standardised, then the array is resized bilinearly
    with antialiasing: each column is a weighted sum of a few samples, each row one of two leads. It therefore exports
    to every format as a gather and a small matrix product. The single channel is repeated for a backbone that takes
    three.
    """

    keep_float = "the signal-to-image step is resampling, not a layer with weights"
    """The reason for which quantizing exporters keep this module in float."""
    indices: Tensor
    weights: Tensor
    rows: Tensor

    def __init__(self, height: int, width: int, channels: int = 1, leads: int = 12, samples: int = 1000) -> None:
        super().__init__()
        self.channels, self.width, self.leads, self.samples = channels, width, leads, samples
        self.standardise = Standardise(leads)
        indices, weights = resize_taps(samples, width)
        self.taps = indices.shape[1]
        # The sizes determine these buffers, so the state dict omits them.
        self.register_buffer("indices", indices.flatten(), persistent=False)
        self.register_buffer("weights", weights, persistent=False)
        indices, weights = resize_taps(leads, height)
        self.register_buffer("rows", torch.zeros(height, leads).scatter_add_(1, indices, weights), persistent=False)

    def forward(self, signals: Tensor) -> Tensor:
        """The image."""
        x = self.standardise(signals)
        x = torch.index_select(x, 2, self.indices).reshape(-1, self.leads, self.width, self.taps)
        x = torch.matmul(self.rows, (x * self.weights).sum(3)).unsqueeze(1)
        return x.expand(-1, self.channels, -1, -1) if self.channels > 1 else x


@dataclass(frozen=True)
class Window:
    """The part of its records that a network sees in one training step: cheaper than the whole, and an augmentation."""

    start: int
    """First sample of the window."""
    samples: int
    scale: float = 1.0
    """Factor of the image's size (progressive resizing)."""
    patch_keep: float = 1.0
    """Share of the patches that a transformer sees."""
    row_keep: float = 1.0
    """Share of the rows of patches that a transformer sees."""


class ImageClassifier(nn.Module):
    """(batch, leads, samples) in mV to logits (batch, classes), by a backbone that takes the image."""

    window_parts: ClassVar[tuple[str, ...]] = ("backbone",)
    """Modules that `forward_window` calls unchanged, so that a tracer can trace each as a whole."""

    def __init__(self, image: SignalToImage, backbone: nn.Module) -> None:
        super().__init__()
        self.image = image
        self.backbone = backbone

    def forward(self, signals: Tensor) -> Tensor:
        """Logits."""
        return self.backbone(self.image(signals))  # type: ignore[no-any-return]

    def forward_window(self, signals: Tensor, window: Window) -> Tensor | tuple[Tensor, Tensor]:
        """Logits of the window's columns of the image, resized; only transformers use the shares of patches."""
        image = self.image(signals)
        columns = self.image.width / self.image.samples
        left, wide = int(window.start * columns), round(window.samples * columns)
        image = image[..., left : left + wide]
        if window.scale != 1:
            # In float32 even under autocast: antialiasing has no kernel in half precision.
            image = functional.interpolate(image.float(), scale_factor=window.scale, mode="bilinear", antialias=True)
        return self.backbone(image)  # type: ignore[no-any-return]

    def part_to_compile(self) -> nn.Module:
        """The module that torch.compile compiles for training."""
        return self.backbone


@dataclass
class ImageArchitecture:
    """A network on the image: how to build it, and its recipe."""

    name: str
    recipe: Recipe
    make: Callable[[int], nn.Module]
    """Returns the untrained backbone for a number of classes."""
    height: int = 224
    width: int = 224
    channels: int = 3
    pretrained: str = ""
    """Source of the backbone's ImageNet weights, `torchvision:WEIGHTS` or `timm:NAME`; empty for none."""
    input: InputSpec = field(default_factory=ecg)
    classifier: type[ImageClassifier] = ImageClassifier
    initialise: Callable[[nn.Module], object] = lambda network: None
    """Initialises a new network before a training from random weights."""
    features: str = ""
    """Path of the module that returns the last feature map, (batch, channels, rows, columns) or a transformer's tokens;
    for hints."""
    fine_below: int = 0
    """On images with fewer rows or columns the backbone's first convolution has stride 1."""

    def build(self, classes: int, spec: InputSpec | None = None) -> nn.Module:
        """Return the untrained network: on images as they are, on signals with the step that makes an image of them."""
        taken = spec or self.input
        if taken.axes != self.input.axes:
            return of_backbone(self.name, self.make, self.channels, classes, taken, self.fine_below)
        leads, samples = taken.shape
        image = SignalToImage(self.height, self.width, self.channels, leads, samples)
        return self.classifier(image, self.make(classes))

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph."""
        fit_standardise(network, mean, std)
        fit_normalise(network, mean, std)
