"""Layers that models share."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Standardise(nn.Module):
    """Subtract each lead's mean and divide by its standard deviation: (batch, leads, samples), mV in, no unit out.

    The same along any axis that `after` others follow. Both are buffers, so the file of weights and every exported
    graph contain them.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, leads: int, after: int = 1) -> None:
        super().__init__()
        shape = (leads, *(1,) * after)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("scale", torch.ones(shape))

    def fit(self, mean: Tensor, std: Tensor) -> None:
        """Set the statistics of the training records; both of shape (leads,), in the records' unit.

        A constant lead is only shifted.
        """
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.scale.copy_((1.0 / torch.where(std > 0, std, 1.0)).reshape(self.scale.shape))

    def forward(self, signals: Tensor) -> Tensor:
        """Standardised signals."""
        return (signals - self.mean) * self.scale


def fit_standardise(network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
    """Set the statistics, each of shape (leads,) in mV, in the network's `Standardise` layer, if it has one."""
    for layer in network.modules():
        if isinstance(layer, Standardise):
            layer.fit(torch.from_numpy(mean), torch.from_numpy(std))


class ConcatPoolHead(nn.Module):
    """Mean and maximum over time, joined, then two linear layers: (batch, channels, length) to (batch, classes).

    The head of the PTB-XL benchmark (Strodthoff et al., 2020, "Deep Learning for ECG Analysis: Benchmarks and Insights
    from PTB-XL", arXiv:2004.13701), with its 128 hidden units. The two dropouts are half of `dropout`, and `dropout`.
    """

    def __init__(self, channels: int, classes: int, hidden: int = 128, dropout: float = 0.5) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(2 * channels), nn.Dropout(dropout / 2), nn.Linear(2 * channels, hidden), nn.ReLU(),
            nn.BatchNorm1d(hidden), nn.Dropout(dropout), nn.Linear(hidden, classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.layers(torch.cat([x.amax(-1), x.mean(-1)], 1))  # type: ignore[no-any-return]
