"""MACs are those by hand, or there are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgebench.core.errors import Uncounted
from edgebench.models import flops
from edgebench.quantization.dynamic import quantize_dynamic


class Of(nn.Module):
    """A function as a network."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, signals: Tensor) -> Any:
        return self.function(signals)


class SelfAttention(nn.Module):
    """nn.MultiheadAttention of a sequence with itself; eight wide, two heads."""

    def __init__(self, trained: bool, weights: bool) -> None:
        super().__init__()
        self.attention, self.weights = nn.MultiheadAttention(8, 2, batch_first=True), weights
        self.attention.requires_grad_(trained)  # without gradients torch takes its fused fast path

    def forward(self, x: Tensor) -> Any:
        return self.attention(x, x, x, need_weights=self.weights)[0]


def traced(layer: nn.Module) -> Any:
    return torch.jit.trace(layer.eval(), torch.zeros(1, 12, 20))  # type: ignore[no-untyped-call]


def int8(layer: nn.Module) -> Any:
    return quantize_dynamic(nn.Sequential(layer), "fbgemm")[0]


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        # taps x channels of a group x places x outputs
        (nn.Conv1d(12, 8, 7, stride=2, groups=4, dilation=2), (12, 100), 7 * 3 * 44 * 8),
        (nn.Conv2d(4, 8, 3, padding=1, bias=False), (4, 10, 10), 9 * 4 * 100 * 8),
        (nn.Conv2d(4, 4, 3, groups=4), (4, 10, 10), 9 * 1 * 64 * 4),
        (nn.Conv3d(2, 4, 3), (2, 5, 5, 5), 27 * 2 * 27 * 4),
        # transposed: each input is multiplied with each tap
        (nn.ConvTranspose1d(4, 6, 3, stride=2, groups=2), (4, 10), 3 * 3 * 10 * 4),
        (nn.ConvTranspose2d(4, 6, 3, stride=2), (4, 10, 10), 9 * 6 * 100 * 4),
        (nn.Linear(5, 7), (5,), 5 * 7),
        (nn.Linear(5, 7), (9, 5), 9 * 5 * 7),
        # gates x (inputs + hidden) x hidden x steps
        (nn.LSTM(16, 20, batch_first=True), (50, 16), 50 * 4 * 20 * (16 + 20)),
        (nn.LSTM(16, 20), (50, 16), 50 * 4 * 20 * (16 + 20)),
        (nn.LSTM(16, 20, 2, batch_first=True, bidirectional=True), (50, 16), 50 * 8 * 20 * (36 + 60)),
        (nn.LSTM(16, 20, proj_size=5, batch_first=True), (50, 16), 50 * (4 * 20 * (16 + 5) + 20 * 5)),
        (nn.GRU(16, 20, batch_first=True, bidirectional=True), (50, 16), 50 * 2 * 3 * 20 * (16 + 20)),
        (nn.RNN(16, 20, 2, nonlinearity="relu", batch_first=True), (50, 16), 50 * 20 * (36 + 40)),
        (nn.LSTMCell(16, 20), (16,), 4 * 20 * 36),
        (nn.GRUCell(16, 20), (16,), 3 * 20 * 36),
        # four projections of nine places, and two products of each place with each other one
        *((SelfAttention(t, w), (9, 8), 4 * 9 * 64 + 2 * 81 * 8) for t in (True, False) for w in (True, False)),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (9, 8), 4 * 9 * 64 + 2 * 81 * 8 + 2 * 9 * 8 * 16),
        # two "heads", four wide; a causal mask does not shorten the count
        (Of(lambda x: scaled_dot_product_attention(x, x, x, is_causal=True)), (2, 9, 4), 2 * 2 * 81 * 4),
        (Of(lambda x: torch.einsum("bij,bkj->bik", x, x)), (9, 4), 81 * 4),
        (Of(lambda x: x @ x.mT), (9, 4), 81 * 4),
        (Of(lambda x: torch.bmm(x, x.mT)), (9, 4), 81 * 4),
        (Of(lambda x: torch.addmm(torch.zeros(4), x, torch.zeros(5, 4))), (5,), 20),
        (Of(lambda x: torch.baddbmm(torch.zeros(1), x, x.mT)), (9, 4), 81 * 4),
        (Of(lambda x: torch.addbmm(torch.zeros(9, 9), x, x.mT)), (9, 4), 81 * 4),
        (Of(lambda x: x[0] @ x[0, 0]), (9, 4), 9 * 4),
        (Of(lambda x: x[0, 0].dot(x[0, 1])), (9, 4), 4),
        (Of(lambda x: (x[:, :, None] * x[:, None]).sum(-1)), (9, 4), 81 * 4),  # a product by hand
        (nn.Sequential(nn.BatchNorm1d(4), nn.GELU(), nn.Hardswish(), nn.MaxPool1d(2), nn.LayerNorm(20),
                       nn.Upsample(scale_factor=2), nn.AdaptiveAvgPool1d(4), nn.Softmax(-1)), (4, 40), 0),
        (traced(nn.Conv1d(12, 8, 7)), (12, 20), 7 * 12 * 14 * 8),
    ],
)  # fmt: skip
def test_counts_are_those_by_hand(layer: nn.Module, shape: tuple[int, ...], expected: int) -> None:
    assert flops.macs(layer.eval(), shape) == expected


class Square(torch.autograd.Function):
    """A product inside a function with a gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x @ x.mT


def test_a_function_with_its_own_gradient_is_looked_into() -> None:
    assert flops.macs(Of(Square.apply), (9, 4)) == 81 * 4


def in_part(x: Tensor) -> Tensor:
    """Reads a value of the record by way of a change in place."""
    kept = torch.zeros(1, 9, 4)
    kept[:, 0].copy_(x[:, 0])
    return x @ x.mT if kept.max() > 3 else x


def compiled() -> nn.Module:
    """Its convolution runs inside oneDNN's own graph."""
    layer = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU()).eval()
    return torch.jit.optimize_for_inference(torch.jit.script(layer))


@pytest.mark.parametrize(
    ("layer", "shape", "named"),
    [
        (Of(lambda x: torch.fft.rfft(x).abs()), (4,), "fft"),
        (Of(lambda x: torch.cdist(x, x)), (9, 4), "cdist"),
        (Of(lambda x: torch.linalg.inv(x)), (4, 4), "linalg"),
        (int8(nn.Linear(4, 5)), (4,), "quantized"),
        (int8(nn.LSTM(4, 5)), (4, 4), "quantized_lstm"),
        (Of(lambda x: torch.from_numpy(x.numpy() @ x.numpy())), (4, 4), "x.numpy()"),
        (Of(lambda x: x @ x.mT if x.max() > 3 else x), (9, 4), "x.max() > 3"),
        (Of(lambda x: x[x > 0]), (9, 4), "x[x > 0]"),
        (Of(in_part), (9, 4), "kept.max() > 3"),
        (compiled(), (1, 9, 9), "compiled"),
        (nn.Linear(5, 7), (6,), "shapes cannot be multiplied"),
    ],
)  # fmt: skip
def test_a_count_that_would_be_short_is_none(layer: nn.Module, shape: tuple[int, ...], named: str) -> None:
    with pytest.raises(Uncounted) as caught:
        flops.macs(layer.eval(), shape)
    assert named in str(caught.value) and "\n" not in str(caught.value)


def test_a_condition_on_a_weight_is_no_condition_on_the_record() -> None:
    weight = torch.ones(4, 4)
    assert flops.macs(Of(lambda x: x @ weight if weight.max() > 0 else x), (9, 4)) == 9 * 16
