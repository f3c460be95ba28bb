"""XResNet1d101: the best convolutional network of the PTB-XL benchmark.

Strodthoff et al. (2020), "Deep Learning for ECG Analysis: Benchmarks and Insights from PTB-XL": 3, 4, 23 and 3
bottleneck blocks (He et al., 2016), all 64 channels wide with an expansion of 4, kernels of 5 samples, with the
stem of three convolutions and the pooled shortcuts of He et al. (2019), "Bag of Tricks".
"""

from __future__ import annotations

from torch import Tensor, nn

from edgebench.core.recipe import Recipe
from edgebench.models.layers import ConcatPoolHead, Standardise
from edgebench.models.signal import SignalArchitecture

STEM = (32, 32, 64)
BLOCKS = (3, 4, 23, 3)
WIDTH, EXPANSION, KERNEL = 64, 4, 5


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, relu: bool = True) -> nn.Sequential:
    """A convolution with its normalisation, and a ReLU if `relu`."""
    layers: list[nn.Module] = [
        nn.Conv1d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm1d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Bottleneck(nn.Module):
    """Narrow, convolve, widen, and a shortcut: (batch, inputs, length) to (batch, 256, ceil(length / stride))."""

    def __init__(self, inputs: int, stride: int) -> None:
        super().__init__()
        outputs = WIDTH * EXPANSION
        last = convolution(WIDTH, outputs, 1, relu=False)
        assert isinstance(last[1], nn.BatchNorm1d)
        nn.init.zeros_(last[1].weight)  # each block starts as its shortcut
        self.path = nn.Sequential(convolution(inputs, WIDTH, 1), convolution(WIDTH, WIDTH, KERNEL, stride), last)
        shortcut: list[nn.Module] = [nn.AvgPool1d(2, 2, ceil_mode=True)] if stride > 1 else []
        if inputs != outputs:
            shortcut.append(convolution(inputs, outputs, 1, relu=False))
        self.shortcut = nn.Sequential(*shortcut)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        return self.relu(self.path(x) + self.shortcut(x))  # type: ignore[no-any-return]


class XResNet1d(nn.Module):
    """(batch, leads, samples) in mV to logits (batch, classes)."""

    def __init__(self, leads: int, classes: int) -> None:
        super().__init__()
        self.standardise = Standardise(leads)
        sizes = (leads, *STEM)
        self.stem = nn.Sequential(
            *(convolution(sizes[i], sizes[i + 1], KERNEL, 1 if i else 2) for i in range(len(STEM))),
            nn.MaxPool1d(3, 2, 1),
        )
        blocks, width = [], STEM[-1]
        for stage, count in enumerate(BLOCKS):
            for index in range(count):
                blocks.append(Bottleneck(width, 2 if stage and not index else 1))
                width = WIDTH * EXPANSION
        self.blocks = nn.Sequential(*blocks)
        self.head = ConcatPoolHead(width, classes)

    def forward(self, signals: Tensor) -> Tensor:
        """Logits."""
        return self.head(self.blocks(self.stem(self.standardise(signals))))  # type: ignore[no-any-return]


ARCHITECTURE = SignalArchitecture(
    "xresnet1d101",
    # Windows of 2.5 s and one cycle up to 1e-2, as in the benchmark.
    Recipe(epochs=50, batch_size=128, learning_rate=1e-2, weight_decay=1e-2, crop=250, stop_on="macro_auc"),
    XResNet1d,
    features="blocks",
)
