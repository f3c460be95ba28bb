"""From the signal to an image, inside the graph, and the networks that look at that image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgebench.core.contracts import InputContract
from edgebench.core.recipe import Recipe
from edgebench.models.layers import Standardise, fit_standardise


def resize_taps(inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
    """Which inputs make each output of a linear resize with antialiasing, and with which weights.

    Returns indices (outputs, taps) and weights (outputs, taps), whose rows sum to 1. The filter is a triangle as wide
    as `max(inputs / outputs, 1)` on each side of the output's centre, cut off and normalised anew at the borders: what
    Pillow and `torchvision.transforms.v2.functional.resize(..., antialias=True)` compute.
    """
    scale = inputs / outputs
    support = max(scale, 1.0)
    centres = (np.arange(outputs) + 0.5) * scale
    first = np.floor(centres - support + 0.5).clip(min=0)
    last = np.floor(centres + support + 0.5).clip(max=inputs)
    places = first[:, None] + np.arange(int((last - first).max()))
    weights = (1 - np.abs((places + 0.5 - centres[:, None]) / support)).clip(min=0)
    weights[places >= last[:, None]] = 0
    # In NumPy until here, so that a network can be built on the meta device, where tensors have no values.
    indices = places.clip(max=inputs - 1).astype(np.int64)
    return torch.tensor(indices), torch.tensor(weights / weights.sum(1, keepdims=True), dtype=torch.float32)


class SignalToImage(nn.Module):
    """Signals (batch, leads, samples) in mV to an image (batch, channels, height, width).

    The leads are rows and time runs to the right. Each lead is standardised; the array is resized bilinearly with
    antialiasing, which is a weighted sum of few samples for each column and of two leads for each row, so it exports
    to every format as a gather and a small matrix product; the one channel is repeated where a backbone wants three.
    """

    keep_float = "the signal-to-image step is resampling, not a layer with weights"
    """Why quantizing exporters leave this module alone."""
    indices: Tensor
    weights: Tensor
    rows: Tensor

    def __init__(self, height: int, width: int, channels: int = 1, leads: int = 12, samples: int = 1000) -> None:
        super().__init__()
        self.channels, self.width, self.leads, self.samples = channels, width, leads, samples
        self.standardise = Standardise(leads)
        indices, weights = resize_taps(samples, width)
        self.taps = indices.shape[1]
        # Follow from the sizes, so they are no part of the state dict.
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
    """What part of its records a network is trained on in one step: cheaper than the whole, and another view of it."""

    start: int
    """In samples, as is `samples`."""
    samples: int
    scale: float = 1.0
    """Factor of the image's size (progressive resizing)."""
    patch_keep: float = 1.0
    """Share of the patches, and of their rows, that a transformer looks at."""
    row_keep: float = 1.0


class ImageClassifier(nn.Module):
    """(batch, leads, samples) in mV to logits (batch, classes), by a backbone that looks at the image."""

    window_parts: ClassVar[tuple[str, ...]] = ("backbone",)
    """Modules that `forward_window` calls as they are, so that a tracer may take each as a whole."""

    def __init__(self, image: SignalToImage, backbone: nn.Module) -> None:
        super().__init__()
        self.image = image
        self.backbone = backbone

    def forward(self, signals: Tensor) -> Tensor:
        """Logits."""
        return self.backbone(self.image(signals))  # type: ignore[no-any-return]

    def forward_window(self, signals: Tensor, window: Window) -> Tensor | tuple[Tensor, Tensor]:
        """Logits from the window's columns of the image, resized; the shares of patches are for transformers."""
        image = self.image(signals)
        columns = self.image.width / self.image.samples
        left, wide = int(window.start * columns), round(window.samples * columns)
        image = image[..., left : left + wide]
        if window.scale != 1:
            # In float32 under autocast too: antialiasing has no kernel in half precision.
            image = functional.interpolate(image.float(), scale_factor=window.scale, mode="bilinear", antialias=True)
        return self.backbone(image)  # type: ignore[no-any-return]

    def part_to_compile(self) -> nn.Module:
        """What torch.compile may compile for training."""
        return self.backbone


@dataclass
class ImageArchitecture:
    """How a network on the image is built and trained."""

    name: str
    recipe: Recipe
    make: Callable[[int], nn.Module]
    """Gives the untrained backbone of a number of classes."""
    height: int = 224
    width: int = 224
    channels: int = 3
    pretrained: str = ""
    """Where ImageNet weights of the backbone come from, `torchvision:WEIGHTS` or `timm:NAME`; empty for nowhere."""
    input: InputContract = field(default_factory=InputContract)
    classifier: type[ImageClassifier] = ImageClassifier
    initialise: Callable[[nn.Module], object] = lambda network: None
    """What a training from random weights does with the network first."""
    features: str = ""
    """Module that gives the last feature map, (batch, channels, rows, columns) or a transformer's tokens, for hints."""

    def build(self, classes: int) -> nn.Module:
        """Return the untrained network."""
        leads, samples = self.input.shape
        image = SignalToImage(self.height, self.width, self.channels, leads, samples)
        return self.classifier(image, self.make(classes))

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph."""
        fit_standardise(network, mean, std)
