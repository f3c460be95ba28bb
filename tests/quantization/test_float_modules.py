"""Operators beside convolutions and linear layers: they can stay in float, and have a sensitivity of their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.ao.quantization import FakeQuantizeBase

from edgebench.quantization import qat
from edgebench.quantization.float_modules import OTHER_OPERATORS, float_operators
from edgebench.quantization.fx import quantize_static
from edgebench.quantization.sensitivity import sensitivities


def agree(outputs: np.ndarray, others: np.ndarray) -> float:
    return float(((outputs >= 0) == (others >= 0)).mean())


class Residual(nn.Module):
    """A residual stream whose few large values make int8 sums too coarse; the products see it without them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(12, 8, 5)
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.head = nn.Linear(8, 5)
        self.register_buffer("large", torch.tensor([3000.0] + [0.0] * 7))
        self.register_buffer("seen", torch.tensor([0.0] + [1.0] * 7))

    def forward(self, x: Tensor) -> Tensor:
        stream = self.stem(x).mean(-1) + self.large
        for block in self.blocks:
            stream = stream + block(stream * self.seen)
        logits: Tensor = self.head(stream * self.seen)
        return logits


class Normalised(nn.Module):
    """As a transformer has it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm, self.head = nn.Conv1d(12, 8, 5), nn.LayerNorm(8), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.norm(self.stem(x).mean(-1)))
        return logits


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def signals() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (64, 12, 40)).astype(np.float32)


def errors(network: nn.Module, signals: np.ndarray, **options: str) -> tuple[float, tuple[str, ...]]:
    quantized, floats = quantize_static(network.eval(), "fbgemm", signals, options)
    with torch.no_grad():
        x = torch.from_numpy(signals)
        return float((quantized(x) - network(x)).abs().mean()), floats


def paths(floats: tuple[str, ...]) -> list[str]:
    return [text.partition(":")[0] for text in floats]


def test_the_stream_stays_in_float(signals: np.ndarray) -> None:
    network = Residual()
    coarse, floats = errors(network, signals)
    assert floats == ()
    fine, floats = errors(network, signals, operators="products-only")
    assert paths(floats) == [OTHER_OPERATORS]
    assert fine < coarse / 5


def test_transformers_leave_it_in_float_by_default(signals: np.ndarray) -> None:
    network = Normalised()
    assert list(float_operators(network, {})) == [OTHER_OPERATORS]
    assert float_operators(network, {"operators": "all-operators"}) == {}
    assert float_operators(Residual(), {}) == {}
    _, floats = errors(network, signals)
    assert paths(floats) == [OTHER_OPERATORS]
    quantized, _ = quantize_static(network.eval(), "fbgemm", signals)
    assert type(quantized.norm) is nn.LayerNorm
    quantized, _ = quantize_static(network.eval(), "fbgemm", signals, {"operators": "all-operators"})
    assert type(quantized.norm) is not nn.LayerNorm


def test_it_is_one_more_sensitivity(signals: np.ndarray) -> None:
    found = sensitivities(Residual().eval(), "fbgemm", signals, agree, {})
    assert {s.module for s in found} == {"stem", "blocks.0", "blocks.1", "blocks.2", "head", OTHER_OPERATORS}
    worst = max(found, key=lambda s: s.error)
    assert (worst.module, worst.parameters) == (OTHER_OPERATORS, 0)
    without = sensitivities(Residual().eval(), "fbgemm", signals, agree, {"operators": "products-only"})
    assert OTHER_OPERATORS not in {s.module for s in without}


def test_a_training_leaves_it_in_float_too(signals: np.ndarray) -> None:
    prepared = qat.prepare(Normalised(), "fbgemm", signals)
    assert list(prepared.settings["floats"]) == [OTHER_OPERATORS]
    roundings = [name for name, m in prepared.named_modules() if isinstance(m, FakeQuantizeBase)]
    weights = [name for name in roundings if "weight_fake_quant" in name]
    assert len(weights) == 2
    assert len(roundings) == 2 * 3, "the weights, inputs and outputs of each product"
    again = qat.restore(Normalised(), prepared.settings, (12, 40))
    assert again.state_dict().keys() == prepared.state_dict().keys()
    quantized, floats = qat.convert(prepared.eval(), "fbgemm", torch.from_numpy(signals))
    assert type(quantized.get_submodule("norm")) is nn.LayerNorm
    assert paths(floats) == [OTHER_OPERATORS]
