"""Random changes to a training batch, each switched by the recipe."""

from __future__ import annotations

import torch
from torch import Tensor

from edgebench.contracts import Recipe


def augment(signals: Tensor, labels: Tensor, recipe: Recipe, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Crop in time, scale, silence leads and mix pairs of records.

    signals (batch, leads, samples) in mV and labels (batch, classes), both on the CPU; returns the same shapes, with
    samples cut to `recipe.crop`. Mixup: Zhang et al., 2018, arXiv:1710.09412, on half of the batches.
    """
    batch, leads, samples = signals.shape
    if 0 < recipe.crop < samples:
        start = int(torch.randint(samples - recipe.crop + 1, (), generator=random))
        signals = signals[..., start : start + recipe.crop]
    if recipe.amplitude > 1:
        spread = 2 * torch.rand(batch, 1, 1, generator=random) - 1
        signals = signals * recipe.amplitude**spread
    if recipe.lead_dropout > 0:
        signals = signals * (torch.rand(batch, leads, 1, generator=random) >= recipe.lead_dropout)
    if recipe.mixup > 0 and torch.rand((), generator=random) < 0.5:
        share = _beta(recipe.mixup, random)
        other = torch.randperm(batch, generator=random)
        signals = share * signals + (1 - share) * signals[other]
        labels = share * labels + (1 - share) * labels[other]
    return signals, labels


def _beta(parameter: float, random: torch.Generator) -> float:
    """One draw of Beta(p, p), as the ratio of two Gamma draws."""
    gamma = torch._standard_gamma(torch.full((2,), parameter, dtype=torch.float64), generator=random)
    return float(gamma[0] / gamma.sum()) if float(gamma.sum()) > 0 else 0.5
