"""MobileNetV2 (Sandler et al., 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks"), by torchvision."""

from __future__ import annotations

from torch import nn
from torchvision import models

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return models.mobilenet_v2(weights=None, num_classes=classes)  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "mobilenetv2",
    Recipe.published(learning_rate=1e-3),
    backbone,
    pretrained="torchvision:MobileNet_V2_Weights.IMAGENET1K_V2",
    features="backbone.features",
)
