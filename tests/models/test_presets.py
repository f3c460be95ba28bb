"""The image networks are the published ones: their sizes, counted in the networks that are built."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.ops import StochasticDepth

from edgebench.core import registry
from edgebench.core.inputs import InputSpec
from edgebench.models import building, flops
from edgebench.models.pictures import AXES


@functools.cache
def network(name: str) -> Any:
    """On the meta device: shapes, and no values to compute."""
    with torch.device("meta"):
        return registry.architecture(name).build(5)


@pytest.mark.parametrize(
    ("name", "patch", "patches", "width", "blocks", "heads", "hidden"),
    [
        ("vit", 8, 704, 256, 6, 4, 1024),
        ("deit-tiny", 16, 196, 192, 12, 3, 768),
        ("deit-base", 16, 196, 768, 12, 12, 3072),
    ],
)
def test_transformers(name: str, patch: int, patches: int, width: int, blocks: int, heads: int, hidden: int) -> None:
    vit = network(name).backbone
    assert vit.patch_embed.proj.kernel_size == vit.patch_embed.proj.stride == (patch, patch)
    assert vit.patch_embed.num_patches == patches
    assert vit.patch_embed.proj.out_channels == vit.embed_dim == width
    assert len(vit.blocks) == blocks
    assert {b.attn.num_heads for b in vit.blocks} == {heads}
    assert {b.mlp.fc1.out_features for b in vit.blocks} == {hidden}
    assert vit.pos_embed.shape == (1, patches + (0 if name == "vit" else 2), width)


def test_the_vit_has_no_class_token() -> None:
    vit = network("vit").backbone
    assert vit.cls_token is None and vit.num_prefix_tokens == 0 and vit.global_pool == "avg"
    assert vit.patch_embed.proj.in_channels == 1
    assert {m.p for m in vit.modules() if isinstance(m, nn.Dropout)} == {0.0, 0.1}


@pytest.mark.parametrize("name", ["deit-tiny", "deit-base"])
def test_the_deits_have_a_distillation_token_and_head(name: str) -> None:
    deit = network(name).backbone
    assert deit.cls_token.shape == deit.dist_token.shape == (1, 1, deit.embed_dim)
    assert deit.head.out_features == deit.head_dist.out_features == 5
    assert deit.distilled_training


@pytest.mark.parametrize("name", [n for n in registry.names("models") if hasattr(registry.architecture(n), "height")])
def test_images_have_the_size_of_the_backbone(name: str) -> None:
    height, width = {"vit": (182, 256), "inceptionv3": (299, 299)}.get(name, (224, 224))
    architecture: Any = registry.architecture(name)
    assert (architecture.height, architecture.width) == (height, width)
    assert network(name).image(torch.zeros(1, 12, 1000, device="meta")).shape[2:] == (height, width)
    assert architecture.channels == (1 if name == "vit" else 3)


def test_efficientnetv2_s_drops_blocks_and_features() -> None:
    """Stochastic depth rises to 0.2 over the 40 blocks, and the classifier's dropout is 0.2."""
    body = network("efficientnetv2-s").backbone
    depths = [m.p for m in body.modules() if isinstance(m, StochasticDepth)]
    assert depths == pytest.approx([0.2 * i / 40 for i in range(40)])
    assert body.classifier[0].p == 0.2


def test_efficientnetv2_edge_is_small() -> None:
    assert sum(p.numel() for p in network("efficientnetv2-edge").parameters()) < 2_000_000


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("resnet18", 11_176_512), ("mobilenetv2", 2_223_872), ("inceptionv3", 21_785_568), ("convnext-tiny", 27_820_128),
     ("swin-tiny", 27_519_354)],
)  # fmt: skip
def test_known_backbones_have_the_published_parameters(name: str, parameters: int) -> None:
    """Without the classifier, as torchvision and timm report them for ImageNet, less 1,000 classes."""
    body = network(name).backbone
    last = [m for m in body.modules() if isinstance(m, nn.Linear)][-1]
    counted = sum(p.numel() for p in body.parameters()) - sum(p.numel() for p in last.parameters())
    assert counted == parameters


def test_mobilenets_keep_the_size_of_a_small_image_in_their_first_convolution() -> None:
    """MobileNetV2 has 8.9 MB; the course resized digits to 224x224, for 13.5 times as many multiply-adds."""
    places, macs = {}, {}
    for side in (28, 64, 224):
        with torch.device("meta"):
            net: Any = building.build(registry.architecture("mobilenetv2"), 10, InputSpec((1, side, side), AXES)).eval()
            places[side] = tuple(net.backbone.features(torch.zeros(1, 3, side, side)).shape[2:])
            macs[side] = flops.macs(net, (1, side, side))
    assert places == {28: (2, 2), 64: (2, 2), 224: (7, 7)}
    assert macs[224] / macs[28] == pytest.approx(13.5, abs=0.05)
    assert 4 * sum(p.numel() for p in net.parameters()) == 8_946_728
