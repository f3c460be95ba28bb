"""Shared code of the vision transformers: training on part of the patches, and an initialisation for small datasets."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from edgebench.models.image import ImageClassifier, Window


class PatchClassifier(ImageClassifier):
    """A timm `VisionTransformer` on the image; it can train on a window in time and on a random part of the patches.

    Each patch keeps the position embedding that it has in the whole image, so both views agree.
    """

    window_parts = (
        "backbone.patch_embed.proj", "backbone.blocks", "backbone.norm", "backbone.head", "backbone.head_dist"
    )  # fmt: skip
    backbone: Any

    def forward_window(self, signals: Tensor, window: Window) -> Tensor | tuple[Tensor, Tensor]:
        """Logits from the patches of a window; a distilled network in training returns those of both heads.

        `patch_keep` is the share of patches that the network sees, a random choice for each batch (PatchDropout: Liu et
        al., 2023, arXiv:2208.07220). `row_keep` drops whole rows: neighbouring rows mix the same two leads, so half of
        the rows still show every lead over the whole window. `scale` has no effect: position embeddings belong to the
        full size.
        """
        vit, image = self.backbone, self.image(signals)
        patch = vit.patch_embed.patch_size[1]
        rows, columns = vit.patch_embed.grid_size
        wide = self._columns(window)
        left = min(columns - wide, round(window.start / self.image.samples * columns))
        x = vit.patch_embed.proj(image[..., left * patch : (left + wide) * patch]).permute(0, 2, 3, 1)
        prefix = vit.num_prefix_tokens
        x = x + vit.pos_embed[:, prefix:].unflatten(1, (rows, columns))[:, :, left : left + wide]
        x = _random_share(_random_share(x, window.row_keep).flatten(1, 2), window.patch_keep)
        tokens = [t for t in (vit.cls_token, getattr(vit, "dist_token", None)) if t is not None]
        if tokens:
            start_tokens = torch.cat(tokens, 1) + vit.pos_embed[:, :prefix]
            x = torch.cat([start_tokens.expand(x.shape[0], -1, -1), x], 1)
        x = vit.norm(vit.blocks(vit.norm_pre(vit.pos_drop(x))))
        return vit.forward_head(x)  # type: ignore[no-any-return]

    def _columns(self, window: Window) -> int:
        """Columns of patches in a window."""
        columns, patch = int(self.backbone.patch_embed.grid_size[1]), int(self.backbone.patch_embed.patch_size[1])
        return min(columns, max(1, round(window.samples / self.image.samples * self.image.width / patch)))

    def over_time(self, tokens: Tensor, window: Window) -> Tensor:
        """Tokens (batch, tokens, channels) of whole columns as (batch, channels, columns), averaged over the rows."""
        patches = tokens[:, int(self.backbone.num_prefix_tokens) :]
        rows = patches.reshape(len(tokens), -1, self._columns(window), tokens.shape[-1])
        return rows.mean(1).transpose(1, 2)

    def part_to_compile(self) -> nn.Module:
        """The blocks: the shapes around them change with the window."""
        return self.backbone.blocks  # type: ignore[no-any-return]


def _random_share(x: Tensor, share: float) -> Tensor:
    """A random share of the entries of dimension 1, at least one."""
    if share >= 1:
        return x
    return x[:, torch.randperm(x.shape[1])[: max(1, round(share * x.shape[1]))]]


def initialise(network: Any) -> None:
    """Initialise a classifier's attention close to that of trained transformers, and its positions as sines.

    Mimetic initialisation (Trockman and Kolter, 2023, "Mimetic Initialization of Self-Attention Layers",
    arXiv:2305.09828): in each head the product of query and key weights is 0.7 Z + 0.7 I, and that of value and output
    weights over all heads 0.4 Z - 0.4 I, with Z random normal of variance 1 / width. It helps on small datasets.
    """
    vit = network.backbone
    for block in vit.blocks:
        attention = block.attn
        width, heads = attention.qkv.in_features, attention.num_heads
        size = width // heads
        with torch.no_grad():
            query, key, value = attention.qkv.weight.view(3, heads, size, width)
            for head in range(heads):
                left, right = _factors(0.7 * torch.randn(width, width) / width**0.5 + 0.7 * torch.eye(width))
                query[head], key[head] = left[:, :size].T, right[:, :size].T
            left, right = _factors(0.4 * torch.randn(width, width) / width**0.5 - 0.4 * torch.eye(width))
            value.copy_(left.T.reshape(heads, size, width))
            attention.proj.weight.copy_(right)
    rows, columns = vit.patch_embed.grid_size
    with torch.no_grad():
        prefix = vit.num_prefix_tokens
        vit.pos_embed[:, prefix:] = _sines(rows, columns, vit.embed_dim)


def _factors(product: Tensor) -> tuple[Tensor, Tensor]:
    """Two matrices A and B with A B^T = product, which share the singular values equally."""
    u, s, vh = torch.linalg.svd(product)
    return u * s.sqrt(), vh.T * s.sqrt()


def _sines(rows: int, columns: int, width: int) -> Tensor:
    """Two-dimensional sine and cosine positions, (rows * columns, width), as small as learned ones are at first."""
    frequencies = 10000 ** (-torch.arange(width // 4) / (width // 4))
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    angles = [p.flatten()[:, None] * frequencies for p in (y, x)]
    return 0.1 * torch.cat([f(a) for a in angles for f in (torch.sin, torch.cos)], 1)
