"""Swin-Tiny (Liu et al., 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows"), by timm."""

from __future__ import annotations

import timm
from torch import nn

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return timm.create_model("swin_tiny_patch4_window7_224", num_classes=classes)


ARCHITECTURE = ImageArchitecture(
    "swin-tiny",
    Recipe.published(learning_rate=1e-4),
    backbone,
    pretrained="timm:swin_tiny_patch4_window7_224.ms_in1k",
)
