"""ConvNeXt-Tiny (Liu et al., 2022, "A ConvNet for the 2020s"), by timm."""

from __future__ import annotations

import timm
from torch import nn

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return timm.create_model("convnext_tiny", num_classes=classes)


ARCHITECTURE = ImageArchitecture(
    "convnext-tiny",
    Recipe.published(learning_rate=3e-4),
    backbone,
    pretrained="timm:convnext_tiny.in12k_ft_in1k",
    features="backbone.stages",
)
