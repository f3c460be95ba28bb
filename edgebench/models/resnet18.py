"""ResNet-18 (He et al., 2016, "Deep Residual Learning for Image Recognition"), by torchvision."""

from __future__ import annotations

from torch import nn
from torchvision import models

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return models.resnet18(weights=None, num_classes=classes)  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "resnet18",
    Recipe.published(learning_rate=1e-3),
    backbone,
    pretrained="torchvision:ResNet18_Weights.IMAGENET1K_V1",
    features="backbone.layer4",
)
