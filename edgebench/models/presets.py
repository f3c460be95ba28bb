"""The published image networks of torchvision and timm that need no code here: one entry a model.

Each is the library's own network, untrained, on the image of the signal. The library is imported when a network
is built.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from torch import nn

from edgebench.core.errors import MissingPackage
from edgebench.core.recipe import Recipe
from edgebench.models.image import ImageArchitecture
from edgebench.models.transformer import PatchClassifier, initialise


def by_torchvision(name: str, **options: Any) -> Callable[[int], nn.Module]:
    """A function that builds torchvision's network of that name, with random weights, for a number of classes."""

    def backbone(classes: int) -> nn.Module:
        models = library("torchvision", name).models
        return models.get_model(name, weights=None, num_classes=classes, **options)  # type: ignore[no-any-return]

    return backbone


def by_timm(name: str, **options: Any) -> Callable[[int], nn.Module]:
    """A function that builds timm's network of that name, with random weights, for a number of classes."""
    return lambda classes: library("timm", name).create_model(name, num_classes=classes, **options)


def distilled_by_timm(name: str, **options: Any) -> Callable[[int], nn.Module]:
    """The same for a transformer with a distillation token.

    In training its class head and its distillation head learn separate targets; otherwise the logits are the mean of
    both heads.
    """

    def backbone(classes: int) -> nn.Module:
        network: Any = by_timm(name, **options)(classes)
        network.set_distilled_training(True)
        return network  # type: ignore[no-any-return]

    return backbone


def library(package: str, network: str) -> ModuleType:
    """Import timm or torchvision for one of its networks; raises MissingPackage where it is not installed."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or package, "build", f"the network '{network}'") from None


FINE_BELOW = 64
"""MobileNets halve an image five times, which leaves one place of a 28x28 digit. With stride 1 in the first convolution
four places are left, as with an image of 56x56 but without resizing, at a thirteenth of the multiply-adds of the
course's 224x224."""

# Sandler et al., 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks"
MOBILENETV2 = ImageArchitecture(
    "mobilenetv2",
    Recipe.published(learning_rate=1e-3),
    by_torchvision("mobilenet_v2"),
    pretrained="torchvision:MobileNet_V2_Weights.IMAGENET1K_V2",
    features="backbone.features",
    fine_below=FINE_BELOW,
)
# Howard et al., 2019, "Searching for MobileNetV3"
MOBILENETV3_SMALL = ImageArchitecture(
    "mobilenetv3-small",
    Recipe.published(learning_rate=1e-3),
    by_torchvision("mobilenet_v3_small"),
    pretrained="torchvision:MobileNet_V3_Small_Weights.IMAGENET1K_V1",
    features="backbone.features",
    fine_below=FINE_BELOW,
)
# He et al., 2016, "Deep Residual Learning for Image Recognition"
RESNET18 = ImageArchitecture(
    "resnet18",
    Recipe.published(learning_rate=1e-3),
    by_torchvision("resnet18"),
    pretrained="torchvision:ResNet18_Weights.IMAGENET1K_V1",
    features="backbone.layer4",
)
# Szegedy et al., 2016, "Rethinking the Inception Architecture"
INCEPTIONV3 = ImageArchitecture(
    "inceptionv3",
    Recipe.published(learning_rate=1e-3),
    by_torchvision("inception_v3", aux_logits=False, init_weights=True),
    height=299,
    width=299,
    pretrained="torchvision:Inception_V3_Weights.IMAGENET1K_V1",
    features="backbone.Mixed_7c",
)
# Tan and Le, 2021, "EfficientNetV2: Smaller Models and Faster Training"
EFFICIENTNETV2_S = ImageArchitecture(
    "efficientnetv2-s",
    Recipe.published(learning_rate=1e-3, progressive=(0.57, 0.79, 1.0)),
    by_torchvision("efficientnet_v2_s", dropout=0.2, stochastic_depth_prob=0.2),
    pretrained="torchvision:EfficientNet_V2_S_Weights.IMAGENET1K_V1",
    features="backbone.features",
)
# Liu et al., 2022, "A ConvNet for the 2020s", scaled down by R. Wightman
CONVNEXT_ATTO = ImageArchitecture(
    "convnext-atto",
    Recipe.published(learning_rate=3e-4),
    by_timm("convnext_atto"),
    pretrained="timm:convnext_atto.d2_in1k",
    features="backbone.stages",
)
# Liu et al., 2022, "A ConvNet for the 2020s"
CONVNEXT_TINY = ImageArchitecture(
    "convnext-tiny",
    Recipe.published(learning_rate=3e-4),
    by_timm("convnext_tiny"),
    pretrained="timm:convnext_tiny.in12k_ft_in1k",
    features="backbone.stages",
)
# Liu et al., 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows"
SWIN_TINY = ImageArchitecture(
    "swin-tiny",
    Recipe.published(learning_rate=1e-4),
    by_timm("swin_tiny_patch4_window7_224"),
    pretrained="timm:swin_tiny_patch4_window7_224.ms_in1k",
)
# Touvron et al., 2021, "Training data-efficient image transformers"
DEIT_TINY = ImageArchitecture(
    "deit-tiny",
    Recipe.published(learning_rate=1e-4),
    # 192 wide, twelve blocks, 3 heads, patches of 16x16 pixels.
    distilled_by_timm("deit_tiny_distilled_patch16_224", drop_rate=0.2),
    pretrained="timm:deit_tiny_distilled_patch16_224.fb_in1k",
    classifier=PatchClassifier,
    initialise=initialise,
    features="backbone.norm",
)
# Touvron et al., 2021, "Training data-efficient image transformers"
DEIT_BASE = ImageArchitecture(
    "deit-base",
    Recipe.published(learning_rate=1e-4),
    # 768 wide, twelve blocks, 12 heads, patches of 16x16 pixels.
    distilled_by_timm("deit_base_distilled_patch16_224"),
    pretrained="timm:deit_base_distilled_patch16_224.fb_in1k",
    classifier=PatchClassifier,
    initialise=initialise,
    features="backbone.norm",
)
