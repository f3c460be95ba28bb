"""EfficientNetV2-S (Tan and Le, 2021, "EfficientNetV2: Smaller Models and Faster Training"), by torchvision."""

from __future__ import annotations

from torch import nn
from torchvision import models

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return models.efficientnet_v2_s(weights=None, num_classes=classes, dropout=0.2, stochastic_depth_prob=0.2)  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "efficientnetv2-s",
    Recipe.published(learning_rate=1e-3, progressive=(0.57, 0.79, 1.0)),
    backbone,
    pretrained="torchvision:EfficientNet_V2_S_Weights.IMAGENET1K_V1",
    features="backbone.features",
)
