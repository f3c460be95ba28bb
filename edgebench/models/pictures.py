"""Networks on images as they are: normalisation by channel inside the graph, then any network of an image library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.core.recipe import Recipe
from edgebench.models.normalise import Normalise

AXES = ("channel", "row", "column")
COLOUR = InputSpec((3, 32, 32), AXES, names={"channel": ("red", "green", "blue")})
"""For the size of an architecture in lists."""


class PictureClassifier(nn.Module):
    """(batch, channels, rows, columns) to (batch, outputs).

    A single channel is repeated for a backbone that takes three.
    """

    def __init__(self, normalise: Normalise, backbone: nn.Module, repeat: int = 1) -> None:
        super().__init__()
        self.normalise, self.backbone, self.repeat = normalise, backbone, repeat

    def forward(self, images: Tensor) -> Tensor:
        """The outputs."""
        x = self.normalise(images)
        return self.backbone(x.expand(-1, self.repeat, -1, -1) if self.repeat > 1 else x)  # type: ignore[no-any-return]


def of_backbone(
    name: str, make: Callable[[int], nn.Module], channels: int, outputs: int, spec: InputSpec, fine_below: int = 0
) -> nn.Module:
    """A network for images of this input around a backbone of so many channels.

    On images with fewer rows or columns than `fine_below` the backbone's first convolution has stride 1. Raises
    ModelError for records that are no images, or have other channels.
    """
    require_axes(name, spec, AXES)
    if spec.shape[0] not in (1, channels):
        raise ModelError(f"the network '{name}' takes images of {channels} channels or one, not {spec.shape[0]}")
    repeat = channels if spec.shape[0] == 1 else 1
    backbone = make(outputs)
    if min(spec.shape[1:]) < fine_below:
        _keep_size(backbone)
    return PictureClassifier(Normalise(spec.shape[0]), backbone, repeat)


def _keep_size(backbone: nn.Module) -> None:
    """Give the first convolution stride 1; its weights stay as they are."""
    first = next(module for module in backbone.modules() if isinstance(module, nn.Conv2d))
    first.stride = (1, 1)


def require_axes(name: str, spec: InputSpec, axes: tuple[str, ...]) -> None:
    """Raise ModelError for an input with other axes than a network takes."""
    if spec.axes != axes:
        raise ModelError(f"the network '{name}' takes records of ({', '.join(axes)}), not {spec}")


def fit_normalise(network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
    """Set the statistics, each of shape (channels,), in the network's `Normalise` layer, if it has one."""
    for module in network.modules():
        if isinstance(module, Normalise):
            module.fit(mean, std)


@dataclass
class PictureArchitecture:
    """A network for images of any size and number of channels."""

    name: str
    recipe: Recipe
    make: Callable[[int, int], nn.Module]
    """Returns the untrained network for (channels, outputs)."""
    input: InputSpec = COLOUR
    pretrained: str = ""
    initialise: Callable[[nn.Module], object] = lambda network: None
    features: str = ""

    def build(self, outputs: int, spec: InputSpec) -> nn.Module:
        """Return the untrained network; raises ModelError for records that are no images."""
        require_axes(self.name, spec, AXES)
        return PictureClassifier(Normalise(spec.shape[0]), self.make(spec.shape[0], outputs))

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph."""
        fit_normalise(network, mean, std)
