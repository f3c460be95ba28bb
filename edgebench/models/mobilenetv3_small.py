"""MobileNetV3-Small (Howard et al., 2019, "Searching for MobileNetV3"), by torchvision."""

from __future__ import annotations

from torch import nn
from torchvision import models

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return models.mobilenet_v3_small(weights=None, num_classes=classes)  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "mobilenetv3-small",
    Recipe.published(learning_rate=1e-3),
    backbone,
    pretrained="torchvision:MobileNet_V3_Small_Weights.IMAGENET1K_V1",
    features="backbone.features",
)
