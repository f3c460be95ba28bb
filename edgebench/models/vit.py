"""A vision transformer with small patches on the 182x256 image.

Architecture: Dosovitskiy et al., 2021, "An Image is Worth 16x16 Words", by timm: patches of 8x8 pixels, 256 wide, six
blocks, four heads, 1,024 hidden units, dropout 0.1, and the mean of all patches instead of a class token.
"""

from __future__ import annotations

from timm.models.vision_transformer import VisionTransformer
from torch import nn

from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture
from edgebench.models.transformer import PatchClassifier, initialise

HEIGHT, WIDTH = 182, 256


def backbone(classes: int) -> nn.Module:
    """The untrained backbone; 182 rows of pixels hold 22 rows of patches; the last 6 rows of pixels are unused."""
    return VisionTransformer(
        img_size=(HEIGHT, WIDTH), patch_size=8, in_chans=1, num_classes=classes, embed_dim=256, depth=6, num_heads=4,
        mlp_ratio=4, class_token=False, global_pool="avg", drop_rate=0.1, pos_drop_rate=0.1, proj_drop_rate=0.1,
    )  # fmt: skip


ARCHITECTURE = ImageArchitecture(
    "vit",
    Recipe.published(learning_rate=1e-4),
    backbone,
    height=HEIGHT,
    width=WIDTH,
    channels=1,
    classifier=PatchClassifier,
    initialise=initialise,
    features="backbone.norm",
)
