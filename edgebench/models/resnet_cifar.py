"""Residual networks for small images: ResNet-20, ResNet-8 of MLPerf Tiny, and the CIFAR-10 network of the course.

- `resnet20`: He et al., 2016, "Deep Residual Learning for Image Recognition", section 4.2: three stages of three blocks
  with 16, 32 and 64 channels, shortcuts without parameters (option A). 0.27 M parameters.
- `resnet8`: Banbury et al., 2021, "MLPerf Tiny Benchmark", arXiv:2106.07597, image classification: three stages of one
  block with 16, 32 and 64 channels, shortcuts by 1x1 convolutions. 78 k parameters.
- `course-resnet`: three residual blocks of 64, 128 and 256 channels, average pooling and a linear classifier. The
  project's listing contradicts itself in the stem and the strides; here the stem is a 3x3 convolution with 64 channels,
  the first block keeps the size and the two others halve it. 2.77 M parameters.

All take (batch, channels, rows, columns), standardised, and return logits (batch, classes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn import functional

from edgebench.core.recipe import Recipe
from edgebench.models.pictures import PictureArchitecture

Shortcut = Literal["pad", "convolution", "normalised"]


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut; the first convolution has the stride."""

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: Shortcut) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        # One ReLU module for each use: it can then be fused with the convolution and with the addition.
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.shortcut = _shortcut(inputs, outputs, stride, shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        y = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        return self.relu2(y + self.shortcut(x))  # type: ignore[no-any-return]


class PadShortcut(nn.Module):
    """Every second row and column, and zeros for the new channels: option A of He et al."""

    def __init__(self, added: int, stride: int) -> None:
        super().__init__()
        self.added, self.stride = added, stride

    def forward(self, x: Tensor) -> Tensor:
        """The shortcut's output."""
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))


def _shortcut(inputs: int, outputs: int, stride: int, kind: Shortcut) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    if kind == "pad":
        return PadShortcut(outputs - inputs, stride)
    convolution = nn.Conv2d(inputs, outputs, 1, stride, bias=kind == "convolution")
    return convolution if kind == "convolution" else nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class SmallResNet(nn.Module):
    """A stem, stages of blocks that double the channels and halve the size, the mean over the image, a classifier."""

    def __init__(self, channels: int, classes: int, width: int, blocks: int, shortcut: Shortcut) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages: list[nn.Module] = []
        inputs = width
        for stage in range(3):
            outputs = width * 2**stage
            for number in range(blocks):
                stages.append(Block(inputs, outputs, 2 if stage and not number else 1, shortcut))
                inputs = outputs
        self.stages = nn.Sequential(*stages)
        # For structured pruning. A padded shortcut adds a fixed number of channels, so what it joins keeps its own.
        outer = ["stem.0", *(f"stages.{number}.conv2" for number in range(len(stages)))]
        self.keep_width = outer if shortcut == "pad" else []
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        return self.classifier(self.pool(self.stages(self.stem(images))).flatten(1))  # type: ignore[no-any-return]


def resnet20(channels: int, classes: int) -> nn.Module:
    """ResNet-20."""
    return SmallResNet(channels, classes, 16, 3, "pad")


def resnet8(channels: int, classes: int) -> nn.Module:
    """MLPerf Tiny's ResNet-8."""
    return SmallResNet(channels, classes, 16, 1, "convolution")


def course_resnet(channels: int, classes: int) -> nn.Module:
    """The network of the course project."""
    return SmallResNet(channels, classes, 64, 1, "normalised")


def _recipe(epochs: int, **optimizer: Any) -> Recipe:
    return Recipe(epochs=epochs, batch_size=128, mirror=True, shift=4, patience=epochs, **optimizer)


def _architecture(name: str, make: Callable[[int, int], nn.Module], recipe: Recipe) -> PictureArchitecture:
    return PictureArchitecture(name, recipe, make, features="backbone.stages")


MUON: dict[str, Any] = {"learning_rate": 0.015, "weight_decay": 0.01, "optimizer": "muon"}
SGD: dict[str, Any] = {"learning_rate": 0.1, "weight_decay": 2e-4, "optimizer": "sgd", "precision": "fp32"}
# The optimizer that did better in one training each; course-resnet was not tried.
RESNET8 = _architecture("resnet8", resnet8, _recipe(60, **SGD))
RESNET20 = _architecture("resnet20", resnet20, _recipe(32, **MUON))
COURSE_RESNET = _architecture("course-resnet", course_resnet, _recipe(16, **MUON))
