"""A network on video clips: an image network on each frame, the mean over the frames, a linear head."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


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


def by_frames(make: Callable[[], tuple[nn.Module, int]]) -> Callable[[int], nn.Module]:
    """A function that builds the network for a number of outputs; `make` returns the image network without its
    classifier, and the number of its features."""

    def build(outputs: int) -> nn.Module:
        backbone, features = make()
        return FrameMean(backbone, features, outputs)

    return build


def resnet18_features() -> tuple[nn.Module, int]:
    """torchvision's ResNet-18 without its classifier (He et al., 2016)."""
    from torchvision import models

    network = models.resnet18(weights=None)
    network.fc = nn.Identity()
    return network, 512
