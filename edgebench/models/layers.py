"""Layers that models share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Standardise(nn.Module):
    """Subtract each lead's mean and divide by its standard deviation: (batch, leads, samples), mV in, no unit out.

    The two are buffers, so they travel with the weights and end up inside every exported graph.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, leads: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(leads, 1))
        self.register_buffer("scale", torch.ones(leads, 1))

    def fit(self, mean: Tensor, std: Tensor) -> None:
        """Take over the statistics of the training folds; both of shape (leads,), in mV."""
        self.mean.copy_(mean[:, None])
        self.scale.copy_(1.0 / std[:, None])

    def forward(self, signals: Tensor) -> Tensor:
        """Standardised signals."""
        return (signals - self.mean) * self.scale
