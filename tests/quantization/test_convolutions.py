"""Convolutions whose padding is a word or has a mode are quantized, or stay in float alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ecg
from edgebench.quantization.convolutions import float_convolutions, use_numbers

CONTRACT = ecg(leads=("I", "II", "III", "AVR"), samples=64)
SIGNALS = np.random.default_rng(0).normal(0, 1, (16, *CONTRACT.shape)).astype(np.float32)


class Net(nn.Module):
    """A layer between a convolution and a linear layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.stem, self.layer, self.head = nn.Conv1d(4, 4, 5), layer, nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(self.stem(x)).flatten(2).mean(-1))  # type: ignore[no-any-return]


def flat(layer: nn.Module, *sizes: int) -> nn.Module:
    return nn.Sequential(nn.Unflatten(1, (4, *sizes)), layer)


@pytest.mark.parametrize(
    ("layer", "in_float"),
    [
        (nn.Conv1d(4, 4, 3, padding="same", groups=4), ""),
        (nn.Conv1d(4, 4, 3, padding="same", dilation=3), ""),
        (nn.Conv1d(4, 4, 4, padding="same", groups=4), "uneven"),
        (nn.Conv1d(4, 4, 4, padding="same", dilation=2), ""),  # six values, three at each end
        (nn.Conv1d(4, 4, 3, padding="valid"), ""),
        (nn.Conv1d(4, 4, 3, padding=1, padding_mode="reflect"), ""),
        (nn.Conv1d(4, 4, 3, padding="same", padding_mode="circular"), "circular"),
        (nn.Conv1d(4, 4, 3, padding=1, padding_mode="replicate"), "replicate"),
        (nn.ConvTranspose1d(4, 4, 3), ""),
        (flat(nn.Conv2d(4, 4, (1, 3), padding="same"), 1), ""),
        (flat(nn.Conv3d(4, 4, (1, 1, 3), padding="same"), 1, 1), "three-dimensional"),
    ],
)
@pytest.mark.parametrize("engine", ["fbgemm", "qnnpack"])
def test_only_what_has_no_kernel_stays_in_float(layer: nn.Module, in_float: str, engine: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Net(layer).eval()
    task = ExportTask(network, tmp_path, tmp_path, CONTRACT, lambda: SIGNALS)
    done = registry.exporter(f"{engine}-int8").export(task)
    if in_float and not (in_float == "three-dimensional" and engine == "fbgemm"):
        (part,) = done.float_parts
        assert part.startswith("layer") and in_float in part
    else:
        assert done.float_parts == ()
    torch.backends.quantized.engine = engine
    loaded = torch.jit.load(str(done.file))  # type: ignore[no-untyped-call]
    signals = torch.from_numpy(SIGNALS)
    with torch.inference_mode():
        own = network(signals)
        assert float((loaded(signals) - own).abs().max()) < 0.05 * float(own.abs().max())


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(4, 4, 5, padding="same", dilation=2),
        nn.Conv2d(4, 4, (3, 5), padding="same"),
        nn.Conv1d(4, 4, 3, padding="valid"),
    ],
)
def test_the_numbers_are_those_of_the_word(layer: nn.Module) -> None:
    signals = torch.randn(2, 4, *([9] * (layer.weight.ndim - 2)))  # type: ignore[operator]
    own = layer(signals)
    use_numbers(layer)
    assert not isinstance(layer.padding, str)
    assert torch.equal(layer(signals), own)


def test_uneven_padding_is_left_as_it_is() -> None:
    layer = nn.Conv1d(4, 4, 4, padding="same")
    use_numbers(layer)
    assert layer.padding == "same" and float_convolutions(nn.Sequential(layer), "fbgemm").keys() == {"0"}
