"""DeiT-Base with a distillation token (Touvron et al., 2021, "Training data-efficient image transformers"), by timm.

768 wide, twelve blocks, 12 heads, patches of 16x16 pixels. In training the class head and the distillation head
are judged each by its own target; otherwise the logits are the mean of both.
"""

from __future__ import annotations

from typing import Any

import timm
from torch import nn

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture
from edgebench.models.transformer import PatchClassifier, initialise


def backbone(classes: int) -> nn.Module:
    """The untrained backbone."""
    network: Any = timm.create_model("deit_base_distilled_patch16_224", num_classes=classes)
    network.set_distilled_training(True)
    return network  # type: ignore[no-any-return]


ARCHITECTURE = ImageArchitecture(
    "deit-base",
    Recipe.published(learning_rate=1e-4),
    backbone,
    pretrained="timm:deit_base_distilled_patch16_224.fb_in1k",
    classifier=PatchClassifier,
    initialise=initialise,
    features="backbone.norm",
)
