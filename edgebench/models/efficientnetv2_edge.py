"""A small EfficientNetV2 for edge boards.

The blocks of EfficientNetV2 (Tan and Le, 2021, "EfficientNetV2: Smaller Models and Faster Training"), fused ones first,
in torchvision's implementation, with fewer and narrower stages than B0: 1.74 M parameters, 222 M multiply-adds.
"""

from __future__ import annotations

from torch import nn
from torchvision.models.efficientnet import EfficientNet, FusedMBConvConfig, MBConvConfig

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone; each stage is (expansion, kernel, stride, inputs, outputs, blocks)."""
    stages = [
        FusedMBConvConfig(1, 3, 1, 16, 16, 1),
        FusedMBConvConfig(4, 3, 2, 16, 24, 1),
        FusedMBConvConfig(4, 3, 2, 24, 40, 1),
        MBConvConfig(4, 3, 2, 40, 72, 2),
        MBConvConfig(6, 3, 1, 72, 96, 3),
        MBConvConfig(6, 3, 2, 96, 144, 4),
    ]
    return EfficientNet(stages, 0.2, stochastic_depth_prob=0.1, num_classes=classes, last_channel=576)  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "efficientnetv2-edge",
    Recipe.published(learning_rate=1e-3, progressive=(0.57, 0.79, 1.0)),
    backbone,
    features="backbone.features",
)
