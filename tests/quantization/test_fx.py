"""Static int8 where a part cannot be quantized: it stays in float, and is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask
from edgebench.data.signals import ecg
from edgebench.quantization import fx, qat

CONTRACT = ecg(leads=("I", "II", "III", "AVR"), samples=64)


def export(network: nn.Module, name: str, folder: Path) -> tuple[Exported, nn.Module]:
    signals = np.random.default_rng(0).normal(0, 1, (32, *CONTRACT.shape)).astype(np.float32)
    done = registry.exporter(name).export(ExportTask(network.eval(), folder, folder, CONTRACT, lambda: signals))
    torch.backends.quantized.engine = "qnnpack" if name == "qnnpack-int8" else "fbgemm"
    return done, torch.jit.load(str(done.file))  # type: ignore[no-untyped-call]


class Residual(nn.Module):
    """Adds a branch that is `scale` times smaller."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(scale)
            self.second.bias.mul_(scale)  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        return y + self.second(y)  # type: ignore[no-any-return]


class Pooled(nn.Module):
    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.stem, self.block, self.head = nn.Conv1d(4, 4, 5), block, nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(self.stem(x)).mean(-1))  # type: ignore[no-any-return]


def test_whole_network_is_quantized_where_it_can_be(tmp_path: Path) -> None:
    done, loaded = export(Pooled(Residual(1.0)), "fbgemm-int8", tmp_path)
    assert done.float_parts == ()
    assert loaded(torch.zeros(3, *CONTRACT.shape)).shape == (3, 5)


def test_scales_that_qnnpack_refuses_stay_in_float(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Pooled(Residual(1e-6))
    done, loaded = export(network, "qnnpack-int8", tmp_path)
    assert [part.partition(":")[0] for part in done.float_parts] == ["add number 1 in block"]
    signals = torch.randn(3, *CONTRACT.shape)
    with torch.no_grad():
        np.testing.assert_allclose(loaded(signals).numpy(), network(signals).numpy(), atol=0.1)


class Nested(nn.Module):
    """A residual block whose branch is a module of its own, and far smaller."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.Sequential(nn.Conv1d(4, 4, 3, padding=1), nn.ReLU())
        with torch.no_grad():
            for parameter in self.convs.parameters():
                parameter.mul_(1e-7)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.convs(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("prepare", "in_float"), [("static", ["add number 1 in 1"]), ("training", ["1.convs", "1"])])
def test_a_refused_sum_costs_little(prepare: str, in_float: list[str]) -> None:
    """Static int8 leaves the sum in float; training leaves the blocks around it, the innermost first."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Sequential(nn.Conv1d(4, 4, 5), nn.ReLU()), Nested(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        nn.Linear(4, 5),
    ).eval()  # fmt: skip
    signals = np.random.default_rng(0).normal(0, 0.3, (32, *CONTRACT.shape)).astype(np.float32)
    if prepare == "static":
        floats = fx.quantize_static(network, "qnnpack", signals)[1]
    else:
        floats = qat.prepare(network, "qnnpack", signals).partition.float_parts
    assert [part.partition(":")[0] for part in floats] == in_float
    assert all("\n" not in part and "'add" in part for part in floats)


class Branching(nn.Module):
    """FX cannot trace an `if` on values."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.inside(x)
        return y * 2 if bool(y.sum() > 1e9) else y  # type: ignore[no-any-return]


class Stacked(nn.Module):
    """FX can trace neither the module itself nor one of its parts; it can trace the others."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branching, self.head = nn.Conv1d(4, 4, 5), Branching(), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.branching(self.stem(x))
        if y.shape[0] > 10_000 or bool(y.isnan().any()):
            raise ValueError
        return self.head(y.mean(-1))  # type: ignore[no-any-return]


def test_parts_of_an_untraceable_network_are_quantized(tmp_path: Path) -> None:
    done, loaded = export(Stacked(), "fbgemm-int8", tmp_path)
    assert done.precision == "int8"
    assert loaded(torch.zeros(1, *CONTRACT.shape)).shape == (1, 5)
    assert str(loaded.graph).count("quantized::conv1d") == 2


@pytest.mark.parametrize(
    "name", ["fbgemm-int8", "qnnpack-int8", "torch-int8-dynamic", "onnx-int8", "onnx-int8-dynamic"]
)
def test_nothing_to_quantize_is_unsupported(name: str, tmp_path: Path) -> None:
    class Mean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean(-1)

    with pytest.raises(Unsupported):
        export(Mean(), name, tmp_path)
