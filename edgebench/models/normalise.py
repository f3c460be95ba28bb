"""Normalisation by channel of images and videos, inside the graph."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Normalise(nn.Module):
    """Subtract each channel's mean and divide by its standard deviation; the channel is the third axis from the end.

    (batch, channels, rows, columns) or (batch, frames, channels, rows, columns), values 0 to 1. Both are buffers, so
    the file of weights and every exported graph contain them.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("scale", torch.ones(channels, 1, 1))

    def fit(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the statistics of the training records; both of shape (channels,). A constant channel is only shifted."""
        self.mean.copy_(torch.from_numpy(mean)[:, None, None])
        self.scale.copy_(1.0 / torch.from_numpy(np.where(std > 0, std, 1.0).astype(np.float32))[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """Standardised images."""
        return (images - self.mean) * self.scale
