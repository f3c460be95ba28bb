"""Inception-v3 (Szegedy et al., 2016, "Rethinking the Inception Architecture"), by torchvision, on 299x299 pixels."""

from __future__ import annotations

from torch import nn
from torchvision import models

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    return models.inception_v3(weights=None, num_classes=classes, aux_logits=False, init_weights=True)  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "inceptionv3",
    Recipe.published(learning_rate=1e-3),
    backbone,
    pretrained="torchvision:Inception_V3_Weights.IMAGENET1K_V1",
    height=299,
    width=299,
    features="backbone.Mixed_7c",
)
