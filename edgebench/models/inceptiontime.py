"""InceptionTime (Fawaz et al., 2020, "InceptionTime: Finding AlexNet for time series classification").

Six inception blocks with kernels of 39, 19 and 9 samples and a shortcut around each three of them; one network, not the
ensemble of five. The head is that of the PTB-XL benchmark (Strodthoff et al., 2020), which calls it inception1d.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgebench.core.recipe import Recipe
from edgebench.models.layers import ConcatPoolHead, Standardise
from edgebench.models.signal import SignalArchitecture

FILTERS = 32
KERNELS = (39, 19, 9)
WIDTH = FILTERS * (len(KERNELS) + 1)
DEPTH = 6


class Inception(nn.Module):
    """Convolutions of several lengths side by side: (batch, inputs, length) to (batch, 128, length)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.bottleneck = nn.Conv1d(inputs, FILTERS, 1, bias=False)
        self.branches = nn.ModuleList(nn.Conv1d(FILTERS, FILTERS, k, padding=k // 2, bias=False) for k in KERNELS)
        self.pooled = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(inputs, FILTERS, 1, bias=False))
        self.norm = nn.BatchNorm1d(WIDTH)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        narrow = self.bottleneck(x)
        joined = torch.cat([*(branch(narrow) for branch in self.branches), self.pooled(x)], 1)
        return self.relu(self.norm(joined))  # type: ignore[no-any-return]


class Residual(nn.Module):
    """Three inception blocks and a shortcut around them."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Inception(inputs), Inception(WIDTH), Inception(WIDTH))
        self.shortcut = nn.Sequential(nn.Conv1d(inputs, WIDTH, 1, bias=False), nn.BatchNorm1d(WIDTH))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """The output of the three blocks, with the input's projection added."""
        return self.relu(self.blocks(x) + self.shortcut(x))  # type: ignore[no-any-return]


class InceptionTime(nn.Module):
    """(batch, leads, samples) in mV to logits (batch, classes)."""

    def __init__(self, leads: int, classes: int) -> None:
        super().__init__()
        self.standardise = Standardise(leads)
        self.body = nn.Sequential(*(Residual(WIDTH if i else leads) for i in range(DEPTH // 3)))
        self.head = ConcatPoolHead(WIDTH, classes)

    def forward(self, signals: Tensor) -> Tensor:
        """Logits."""
        return self.head(self.body(self.standardise(signals)))  # type: ignore[no-any-return]


ARCHITECTURE = SignalArchitecture(
    "inceptiontime",
    # Windows of 2.5 s and one cycle up to 1e-2, as in the benchmark.
    Recipe(epochs=50, batch_size=128, learning_rate=1e-2, weight_decay=1e-2, crop=250, stop_on="macro_auc"),
    InceptionTime,
    features="body",
)
