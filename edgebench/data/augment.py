"""Random changes to a training batch, each controlled by the recipe."""

from __future__ import annotations

import torch
from torch import Tensor

from edgebench.core.recipe import Recipe

Inputs = tuple[Tensor, ...]
"""A batch of each input of a network."""


def augment(inputs: Inputs, targets: Tensor, recipe: Recipe, random: torch.Generator) -> tuple[Inputs, Tensor]:
    """Scale, silence leads, mirror, shift and mix pairs of records; further inputs are mixed only.

    The first input (batch, leads, samples), or other records, and targets (batch, any), all on the CPU; returns the
    same shapes. Mixup: Zhang et al., 2018, arXiv:1710.09412, on half of the batches.
    """
    signals, *further = inputs
    batch, first, *others = signals.shape
    ones = [1] * len(others)
    if recipe.amplitude > 1:
        spread = 2 * torch.rand(batch, 1, *ones, generator=random) - 1
        signals = signals * recipe.amplitude**spread
    if recipe.channel_dropout > 0:
        signals = signals * (torch.rand(batch, first, *ones, generator=random) >= recipe.channel_dropout)
    if recipe.mirror:
        mirrored = torch.rand(batch, 1, *ones, generator=random) < 0.5
        signals = torch.where(mirrored, signals.flip(-1), signals)
    if recipe.shift > 0:
        signals = shifted(signals, recipe.shift, random)
    if recipe.mixup > 0 and torch.rand((), generator=random) < 0.5:
        share = _beta(recipe.mixup, random)
        other = torch.randperm(batch, generator=random)
        signals, targets, *further = (share * one + (1 - share) * one[other] for one in (signals, targets, *further))
    return (signals, *further), targets


def shifted(images: Tensor, most: int, random: torch.Generator) -> Tensor:
    """Each image (…, rows, columns) of a batch, or all frames of a clip, moved by up to `most` rows and columns.

    Padding and a random crop, as He et al., 2016, section 4.2.
    """
    batch, *inner, rows, columns = images.shape
    padded = torch.nn.functional.pad(images, (most,) * 4).reshape(batch, -1, rows + 2 * most, columns + 2 * most)
    down, right = torch.randint(2 * most + 1, (2, batch, 1), generator=random)
    planes = torch.arange(padded.shape[1])[None, :, None, None]
    chosen_rows, chosen_columns = down + torch.arange(rows), right + torch.arange(columns)
    moved = padded[
        torch.arange(batch)[:, None, None, None], planes, chosen_rows[:, None, :, None], chosen_columns[:, None, None]
    ]
    return moved.reshape(batch, *inner, rows, columns)


def window(samples: int, crop: int, random: torch.Generator) -> int:
    """Start of a random window of `crop` samples in a record of `samples`."""
    return int(torch.randint(samples - crop + 1, (), generator=random))


def _beta(parameter: float, random: torch.Generator) -> float:
    """One draw of Beta(p, p), as the ratio of two Gamma draws."""
    gamma = torch._standard_gamma(torch.full((2,), parameter, dtype=torch.float64), generator=random)
    return float(gamma[0] / gamma.sum()) if float(gamma.sum()) > 0 else 0.5
