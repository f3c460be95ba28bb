"""Errors for unusable devices are one line; mixed precision learns."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from edgebench.core.errors import ModelError
from edgebench.training.devices import Precision, device_of

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["nonsense", "hpu", "meta", "cuda:99", "cpu:x"])
def test_an_unusable_device(name: str) -> None:
    with pytest.raises(ModelError, match=f"--device {name}") as caught:
        device_of(name)
    assert "\n" not in str(caught.value)


def test_usable_devices() -> None:
    assert device_of("cpu") == CPU
    assert device_of("").type == ("cuda" if torch.cuda.is_available() else "cpu")


def trained(precision: Precision, steps: int = 30, clip: float = 2.0) -> tuple[nn.Linear, list[float]]:
    """A linear layer learns the sign of a sum."""
    torch.manual_seed(0)
    network = nn.Linear(8, 1)
    inputs = torch.randn(64, 8)
    labels = (inputs.sum(1, keepdim=True) > 0).float()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    losses = []
    for _ in range(steps):
        with precision.forward():
            outputs = network(inputs)
        expected = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision.name]
        assert outputs.dtype == expected
        value = functional.binary_cross_entropy_with_logits(outputs.float(), labels)
        precision.backward(value, network, optimizer, clip)
        losses.append(value.item())
    return network, losses


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_the_loss_falls(name: str) -> None:
    network, losses = trained(Precision(name, CPU))
    assert losses[-1] < 0.5 * losses[0]
    assert network.weight.dtype == torch.float32


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_gradients_are_cut(name: str) -> None:
    """A step is at most as long as the rate times the clip, also where the loss is scaled for fp16."""
    torch.manual_seed(0)
    start = nn.Linear(8, 1)
    network, _ = trained(Precision(name, CPU), steps=1, clip=0.01)
    moved = torch.cat([network.weight - start.weight, network.bias[None] - start.bias[None]], 1).norm().item()
    assert moved == pytest.approx(0.5 * 0.01, rel=1e-2)


def test_half_precision_is_close_to_full() -> None:
    full, half = (trained(Precision(name, CPU))[0].weight for name in ("fp32", "bf16"))
    torch.testing.assert_close(half, full, rtol=0, atol=0.05)
    assert not torch.equal(half, full)


def test_auto_is_what_the_processor_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Precision("auto", CPU).name in ("bf16", "fp32")
    for native, name in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        assert Precision("auto", CPU).name == name
