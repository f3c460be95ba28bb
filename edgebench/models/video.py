"""A network on video clips: an image network on each frame, their mean or maximum over the frames, a linear head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.core.recipe import Recipe
from edgebench.models import resnet_cifar
from edgebench.models.normalise import Normalise
from edgebench.models.pictures import fit_normalise, require_axes

AXES = ("frame", "channel", "row", "column")
CLIP = InputSpec((8, 3, 112, 112), AXES)
"""For the size of an architecture in lists."""


class FrameMean(nn.Module):
    """(batch, frames, channels, rows, columns) to (batch, outputs).

    Temporal mean pooling of the features of each frame (Ng et al., 2015, "Beyond Short Snippets", arXiv:1503.08909,
    section 3.1). The frames are a part of the batch inside the network, so the number of frames is fixed in an exported
    file and the number of clips is not.
    """

    def __init__(self, backbone: nn.Module, features: int, outputs: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(features, outputs)

    def forward(self, clips: Tensor) -> Tensor:
        """The outputs."""
        frames = clips.shape[1]
        features = self.backbone(clips.flatten(0, 1))
        return self.head(features.unflatten(0, (-1, frames)).mean(1))  # type: ignore[no-any-return]


class FrameMax(FrameMean):
    """The same with the maximum of each feature over the frames.

    It answers what the extremes of a clip say, such as the largest and the smallest volume of a heart. From a mean a
    linear head cannot tell them.
    """

    def forward(self, clips: Tensor) -> Tensor:
        """The outputs."""
        features = self.backbone(clips.flatten(0, 1))
        return self.head(features.unflatten(0, (-1, clips.shape[1])).amax(1))  # type: ignore[no-any-return]


def by_frames(
    make: Callable[[], tuple[nn.Module, int]], kind: type[FrameMean] = FrameMean
) -> Callable[[int], nn.Module]:
    """A function that builds the network for a number of outputs; `make` returns the image network without its
    classifier, and the number of its features."""

    def build(outputs: int) -> nn.Module:
        backbone, features = make()
        return kind(backbone, features, outputs)

    return build


def resnet18_features() -> tuple[nn.Module, int]:
    """torchvision's ResNet-18 without its classifier (He et al., 2016)."""
    from torchvision import models

    network = models.resnet18(weights=None)
    network.fc = nn.Identity()
    return network, 512


def resnet8_features() -> tuple[nn.Module, int]:
    """MLPerf Tiny's ResNet-8 without its classifier: a small network for frames."""
    network = resnet_cifar.SmallResNet(3, 1, 16, 1, "convolution")
    network.classifier = nn.Identity()  # type: ignore[assignment]
    return network, 64


def coarse_resnet8_features() -> tuple[nn.Module, int]:
    """The same on means of 8x8 pixels, with a hidden layer: frames of 112x112 become 14x14.

    That is a fiftieth of the multiply-adds. The layer bends what each frame says before it is compared with others:
    a ratio of two areas is no sum of them.
    """
    network, features = resnet8_features()
    return nn.Sequential(nn.AvgPool2d(8), network, nn.Linear(features, features), nn.ReLU()), features


class ClipClassifier(nn.Module):
    """(batch, frames, channels, rows, columns) to (batch, outputs), with the normalisation of the channels inside."""

    def __init__(self, normalise: Normalise, backbone: nn.Module) -> None:
        super().__init__()
        self.normalise, self.backbone = normalise, backbone

    def forward(self, clips: Tensor) -> Tensor:
        """The outputs."""
        return self.backbone(self.normalise(clips))  # type: ignore[no-any-return]


@dataclass
class VideoArchitecture:
    """A network for clips of any number and size of frames, in colour."""

    name: str
    recipe: Recipe
    make: Callable[[int], nn.Module]
    """Returns the untrained network for a number of outputs."""
    input: InputSpec = CLIP
    pretrained: str = ""
    initialise: Callable[[nn.Module], object] = lambda network: None

    def build(self, outputs: int, spec: InputSpec) -> nn.Module:
        """Return the untrained network; raises ModelError for records that are no clips in colour."""
        require_axes(self.name, spec, AXES)
        if spec.shape[1] != 3:
            raise ModelError(f"the network '{self.name}' takes frames of 3 channels, not {spec.shape[1]}")
        return ClipClassifier(Normalise(spec.shape[1]), self.make(outputs))

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph."""
        fit_normalise(network, mean, std)


def _recipe(**changes: Any) -> Recipe:
    return Recipe(epochs=45, batch_size=16, learning_rate=1e-3, weight_decay=0.01, ema=0.99, **changes)


RESNET18_FRAMES = VideoArchitecture("resnet18-frames", _recipe(), by_frames(resnet18_features))
RESNET8_FRAMES = VideoArchitecture("resnet8-frames", _recipe(), by_frames(resnet8_features))
RESNET8_FRAMES_MAX = VideoArchitecture(
    "resnet8-frames-max",
    Recipe(
        epochs=20, batch_size=16, learning_rate=0.01, weight_decay=0.01, optimizer="muon", mirror=True, amplitude=1.2,
        ema=0.98, patience=20,
    ),
    by_frames(coarse_resnet8_features, FrameMax),
)  # fmt: skip
