"""A 1-D residual network on the raw signal.

Architecture: basic residual blocks (He et al., 2016, "Deep Residual Learning for Image Recognition") with 1-D
convolutions as in Wang et al. (2017, "Time Series Classification from Scratch"), average pooling in the shortcut (He et
al., 2019, "Bag of Tricks", ResNet-D), and mean and maximum over time joined before the classifier. Kernels shrink and
channels grow with depth, so that most weights work on short sequences: 1.37 M parameters, 104 M multiply-adds a record.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgebench.core.recipe import Recipe
from edgebench.models.layers import Standardise
from edgebench.models.signal import SignalArchitecture

WIDTHS = (48, 96, 192, 256)
KERNELS = (7, 7, 5, 3)
BLOCKS = (2, 2, 2, 1)


class Block(nn.Module):
    """Two convolutions and a shortcut: (batch, inputs, length) to (batch, outputs, ceil(length / stride))."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm1 = nn.BatchNorm1d(outputs)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv1d(outputs, outputs, kernel, 1, kernel // 2, bias=False)
        self.norm2 = nn.BatchNorm1d(outputs)
        # One ReLU module for each use: FX can then fuse it with the convolution and with the addition.
        self.relu2 = nn.ReLU(inplace=True)
        shortcut: list[nn.Module] = []
        if stride > 1:
            shortcut.append(nn.AvgPool1d(stride, stride, ceil_mode=True))
        if inputs != outputs:
            shortcut += [nn.Conv1d(inputs, outputs, 1, bias=False), nn.BatchNorm1d(outputs)]
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        y = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        return self.relu2(y + self.shortcut(x))  # type: ignore[no-any-return]


class ResNet1d(nn.Module):
    """(batch, leads, samples) in mV to logits (batch, classes)."""

    def __init__(self, leads: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.standardise = Standardise(leads)
        self.stem = nn.Sequential(
            nn.Conv1d(leads, WIDTHS[0], 15, 2, 7, bias=False),
            nn.BatchNorm1d(WIDTHS[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool1d(2),
        )
        blocks: list[nn.Module] = []
        width = WIDTHS[0]
        for stage, (outputs, kernel, count) in enumerate(zip(WIDTHS, KERNELS, BLOCKS, strict=True)):
            for index in range(count):
                blocks.append(Block(width, outputs, kernel, 2 if stage and not index else 1))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(2 * width, classes)

    def forward(self, signals: Tensor) -> Tensor:
        """Logits."""
        x = self.blocks(self.stem(self.standardise(signals)))
        pooled = torch.cat([x.mean(-1), x.amax(-1)], 1)
        return self.classifier(self.dropout(pooled))  # type: ignore[no-any-return]


ARCHITECTURE = SignalArchitecture(
    "resnet1d",
    Recipe(
        epochs=24,
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.03,
        crop=800,
        mixup=0.3,
        channel_dropout=0.04,
        amplitude=1.25,
        stop_on="macro_auc",
    ),
    ResNet1d,
    features="blocks",
)
