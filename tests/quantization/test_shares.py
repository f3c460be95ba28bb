"""Shares of a network in int8, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgebench.models import flops
from edgebench.quantization.dynamic import quantize_dynamic
from edgebench.quantization.engines import any_engine
from edgebench.quantization.fx import quantize_static
from edgebench.quantization.shares import int8_modules, share_of_macs, share_of_weights

SHAPE = (2, 3, 8, 8)


class Frames(nn.Module):
    """Two frames of 8x8: a convolution of each, their mean, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2, 1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 1)

    def forward(self, clips: Tensor) -> Tensor:
        features: Tensor = self.norm(self.conv(clips.flatten(0, 1))).mean((2, 3))
        answer: Tensor = self.head(features.reshape(-1, 2, 4).mean(1))
        return answer


CONV, HEAD = 3 * 9 * 4, 4
"""Weights of each layer; the convolution uses its own at 16 places of two frames."""


def test_dynamic_int8_of_a_convolutional_network_leaves_nearly_all_in_float() -> None:
    network = Frames().eval()
    quantized, floats = quantize_dynamic(network, any_engine())
    modules = int8_modules(quantized, network)
    assert modules == ("head",) and [part.partition(":")[0] for part in floats] == ["conv"]
    assert share_of_weights(network, modules) == HEAD / (CONV + HEAD)
    macs = flops.macs(network, SHAPE)
    assert macs == 32 * CONV + HEAD
    assert share_of_macs(network, modules, SHAPE, macs) == HEAD / macs


@pytest.mark.parametrize("kept", ["", "conv"])
def test_static_int8_has_all_that_was_not_left_in_float(kept: str) -> None:
    network = Frames().eval()
    records = np.random.default_rng(0).random((4, *SHAPE)).astype(np.float32)
    quantized, _ = quantize_static(network, any_engine(), records, floats={kept: "asked"} if kept else None)
    modules = int8_modules(quantized, network)
    assert set(modules) == {"conv", "head"} - {kept}
    assert share_of_weights(network, modules) == (HEAD / (CONV + HEAD) if kept else 1)
    assert share_of_macs(network, modules, SHAPE, flops.macs(network, SHAPE)) == (HEAD / (32 * CONV + 4) if kept else 1)


def test_a_part_that_is_a_single_layer_is_found() -> None:
    """FX gets it inside a container."""
    network = nn.Sequential(nn.Flatten(), Untraceable(), nn.Linear(3 * 64, 2)).eval()
    records = np.random.default_rng(0).random((4, 3, 8, 8)).astype(np.float32)
    quantized, _ = quantize_static(network, any_engine(), records)
    assert int8_modules(quantized, network) == ("2",)


class Untraceable(nn.Module):
    """Its code depends on values."""

    def forward(self, values: Tensor) -> Tensor:
        return values if values.sum() > -1e9 else -values


def test_the_share_of_a_recurrent_layer_is_unknown() -> None:
    network = nn.LSTM(4, 4)
    assert share_of_weights(network, ("",)) == 1
    assert share_of_macs(network, ("",), (4,), 100) is None
    assert share_of_macs(nn.Linear(4, 2), (), (4,), 8) == 0
    assert torch.is_grad_enabled()
