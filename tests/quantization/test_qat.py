"""Quantization-aware training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from edgebench.exporters._onnx_names import int8_modules  # type: ignore[import-not-found]  # mypy sees it as exporters
from edgebench.exporters._onnx_qat import save_quantization_aware  # type: ignore[import-not-found]  # mypy sees it as exporters
from torch import Tensor, nn

from edgebench.core.errors import Unsupported
from edgebench.data.signals import ECG
from edgebench.quantization import fx, qat
from edgebench.runtimes import onnx_layers, onnx_profile, onnx_weights


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(12, 8, 5, stride=4, bias=False)
        self.norm = nn.BatchNorm1d(8)
        self.second = nn.Conv1d(8, 8, 3)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        x = torch.relu(self.second(x)) + x[..., 1:-1]
        logits: Tensor = self.head(x.mean(-1))
        return logits


@pytest.fixture(scope="module")
def signals() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.3, (32, 12, 1000)).astype(np.float32)


@pytest.fixture(scope="module")
def network(signals: np.ndarray) -> nn.Module:
    torch.manual_seed(0)
    net = Net().train()
    for _ in range(20):
        net(torch.from_numpy(signals))  # the normalisation sees the data
    return net.eval()


@pytest.mark.parametrize("engine", ["fbgemm", "x86", "onednn", "qnnpack"])
def test_the_engine_computes_what_the_training_saw(network: nn.Module, signals: np.ndarray, engine: str) -> None:
    prepared = qat.prepare(network, engine, signals).eval()
    x = torch.from_numpy(signals)
    with torch.no_grad():
        simulated, real = prepared(x), qat.convert(prepared, engine, x)[0](x)
        dense = network(x)
    step = float((dense.max() - dense.min()) / 127)
    assert (simulated - real).abs().max() <= 3 * step
    assert 0 < (simulated - dense).abs().max() <= 12 * step


def test_a_rounding_network_learns(network: nn.Module, signals: np.ndarray) -> None:
    prepared = qat.prepare(network, "fbgemm", signals)
    x, wanted = torch.from_numpy(signals), torch.rand(32, 5, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(prepared.parameters(), 1e-2)
    losses = []
    prepared.train()
    for step in range(30):
        qat.freeze(prepared, step / 30)
        loss = nn.functional.binary_cross_entropy_with_logits(prepared(x), wanted)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.005


def test_ranges_and_statistics_stay_late_in_the_training(network: nn.Module, signals: np.ndarray) -> None:
    prepared = qat.prepare(network, "fbgemm", signals).train()

    def state() -> tuple[Tensor, Tensor]:
        named = dict(prepared.named_buffers())
        ranges = torch.cat([v.flatten() for k, v in named.items() if k.endswith("max_val")])
        return ranges, next(v.clone() for k, v in named.items() if k.endswith("running_mean"))

    for share, ranges_stay, norms_stay in ((0.0, False, False), (0.6, True, False), (0.8, True, True)):
        qat.freeze(prepared, share)
        before = state()
        prepared(3 * torch.from_numpy(signals) + 1)
        after = state()
        assert torch.equal(before[0], after[0]) is ranges_stay
        assert torch.equal(before[1], after[1]) is norms_stay


def test_predicting_leaves_the_ranges_as_they_are(network: nn.Module, signals: np.ndarray) -> None:
    prepared = qat.prepare(network, "fbgemm", signals).train()
    qat.freeze(prepared, 0.0)  # as in the first step of a training
    prepared.eval()
    before = {k: v.clone() for k, v in prepared.state_dict().items()}
    with torch.no_grad():
        prepared(5 * torch.from_numpy(signals) + 2)
    for name, value in prepared.state_dict().items():  # scales are computed again from the ranges, in another order
        torch.testing.assert_close(value, before[name], rtol=1e-6, atol=0, equal_nan=True)


def test_its_state_restores_it_to_the_bit(network: nn.Module, signals: np.ndarray) -> None:
    prepared = qat.prepare(network, "fbgemm", signals).eval()
    again = qat.restore(Net().eval(), prepared.settings, (12, 1000))
    again.load_state_dict(prepared.state_dict())
    x = torch.from_numpy(signals)
    with torch.no_grad():
        assert torch.equal(prepared(x), again.eval()(x))


def test_onnx_has_the_learned_scales_and_int8_weights(network: nn.Module, signals: np.ndarray, tmp_path: Path) -> None:
    prepared = qat.prepare(network, "fbgemm", signals).eval()
    path = save_quantization_aware(prepared, ECG, tmp_path / "net.onnx")
    graph = onnx.load(path).graph
    assert sum(i.data_type == onnx.TensorProto.INT8 and len(i.dims) > 1 for i in graph.initializer) == 3
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path.read_bytes(), options)
    with torch.no_grad():
        simulated = prepared(torch.from_numpy(signals)).numpy()
    step = (simulated.max() - simulated.min()) / 127
    difference = np.abs(session.run(None, {"signals": signals})[0] - simulated)
    assert difference.max() <= 4 * step  # where a value lies half way between two integers, one step early on
    assert difference.mean() <= step / 2
    assert session.run(None, {"signals": signals[:1]})[0].shape == (1, 5)  # any batch


class Block(nn.Module):
    """A convolution and a linear layer inside a container, which FX rewrites."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.mix = nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x))) + x
        answer: Tensor = self.mix(x.transpose(1, 2)).transpose(1, 2)
        return answer


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(12, 8, 5, stride=4), nn.BatchNorm1d(8), nn.ReLU())
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(x.mean(-1))
        return logits


def test_onnx_calls_layers_as_the_network_does(signals: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(0)
    prepared = qat.prepare(Nested().eval(), "fbgemm", signals).eval()
    path = save_quantization_aware(prepared, ECG, tmp_path / "net.onnx")
    layers = {"stem.0", "blocks.0.conv", "blocks.0.mix", "blocks.1.conv", "blocks.1.mix", "head"}
    assert {layer.name for layer in onnx_weights.layers(path)} == layers
    modules = int8_modules(path, prepared.network)
    assert set(modules or ()) == layers
    options = onnxruntime.SessionOptions()
    options.enable_profiling, options.profile_file_prefix = True, str(tmp_path / "profile")
    session = onnxruntime.InferenceSession(path.read_bytes(), options)
    session.run(None, {"signals": signals[:1]})
    found = onnx_profile.read(Path(session.end_profiling()), 0, onnx_layers.finder(path))
    assert {one.layer for one in found} - {""} == layers


class Loose(nn.Module):
    """A normalisation without a convolution to be fused into, and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv1d(12, 8, 5, stride=4), nn.BatchNorm1d(16), nn.Dropout(0.5)
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        logits: Tensor = self.head(self.drop(self.norm(torch.cat([x.mean(-1), x.amax(-1)], 1))))
        return logits


def test_unfused_normalisation_is_fixed_too(signals: np.ndarray) -> None:
    before = Loose().eval()
    prepared = qat.prepare(before, "fbgemm", signals)
    norm = prepared.get_submodule("network.norm")
    assert isinstance(norm, nn.BatchNorm1d)
    assert torch.equal(norm.running_mean, before.norm.running_mean)  # type: ignore[arg-type]  # it has statistics
    for share, stays in ((0.5, False), (0.8, True)):
        prepared.train()
        qat.freeze(prepared, share)
        mean = norm.running_mean.clone()  # type: ignore[union-attr]
        prepared(torch.from_numpy(signals))
        assert torch.equal(norm.running_mean, mean) is stays  # type: ignore[arg-type]


class Saturating(nn.Module):
    """Sums of two products that do not fit in 16 bits with 8 bits of activation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Conv1d(12, 16, 3), nn.Conv1d(16, 16, 3), nn.Linear(16, 5)
        for parameter in self.parameters():
            nn.init.constant_(parameter, 0.1 if parameter.ndim > 1 else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.relu(self.second(torch.relu(self.first(x)))).mean(-1))
        return logits


LARGE = np.random.default_rng(0).uniform(0.8, 1, (16, 12, 100)).astype(np.float32)


@pytest.mark.parametrize("engine", ["fbgemm", "x86", "onednn", "qnnpack"])
def test_no_engine_saturates(engine: str) -> None:
    network, x = Saturating().eval(), torch.from_numpy(LARGE)
    with torch.no_grad():
        wanted = network(x)
        static = fx.quantize_static(network, engine, LARGE)[0](x)
        trained = qat.convert(qat.prepare(network, engine, LARGE), engine, x)[0](x)
    for found in (static, trained):
        torch.testing.assert_close(found, wanted, rtol=0.05, atol=0)


def test_an_engine_that_would_saturate_refuses_eight_bit_activations() -> None:
    trained = qat.prepare(Saturating().eval(), "qnnpack", LARGE)
    with pytest.raises(Unsupported, match=r"qnnpack.*fbgemm"):
        qat.convert(trained, "fbgemm", torch.from_numpy(LARGE))


def test_nothing_to_quantize(signals: np.ndarray) -> None:
    class Mean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean(-1)[:, :5]

    with pytest.raises(Unsupported, match="fbgemm"):
        qat.prepare(Mean(), "fbgemm", signals)


def test_an_engine_that_is_not_there(network: nn.Module, signals: np.ndarray) -> None:
    with pytest.raises(Unsupported, match="'tpu'"):
        qat.prepare(network, "tpu", signals)
