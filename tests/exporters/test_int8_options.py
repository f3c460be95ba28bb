"""Every option of the static int8 exporters, through the real exporter and its runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from edgebench.exporters.onnx_int8 import SEVEN_BITS  # type: ignore[import-not-found]  # mypy sees it as exporters
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask
from edgebench.data.signals import ecg

CONTRACT = ecg(leads=("I", "II", "III", "AVR"), samples=64)
SIGNALS = np.random.default_rng(0).normal(0, 1, (48, *CONTRACT.shape)).astype(np.float32)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block, self.head = nn.Conv1d(4, 16, 5), nn.Conv1d(16, 16, 3), nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.relu(self.block(torch.relu(self.stem(x)))).mean(-1))
        return logits


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return Net().eval()


def export(
    network: nn.Module,
    name: str,
    folder: Path,
    floats: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> Exported:
    task = ExportTask(network, folder, folder, CONTRACT, lambda: SIGNALS, options or {}, floats or {})
    return registry.exporter(name).export(task)


def answers(done: Exported, engine: str) -> np.ndarray:
    if done.file.suffix == ".onnx":
        session = onnxruntime.InferenceSession(done.file.read_bytes())
        return np.asarray(session.run(None, {"signals": SIGNALS})[0])
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        logits: np.ndarray = torch.jit.load(str(done.file))(torch.from_numpy(SIGNALS)).numpy()  # type: ignore[no-untyped-call]
    finally:
        torch.backends.quantized.engine = before
    return logits


def dense(network: nn.Module) -> np.ndarray:
    with torch.no_grad():
        logits: np.ndarray = network(torch.from_numpy(SIGNALS)).numpy()
    return logits


FX = [("calibration", w) for w in ("histogram", "minmax", "moving-average", "percentile")] + [
    ("granularity", "per-tensor"), ("weights", "affine-weights"), ("activations", "symmetric-activations"),
]  # fmt: skip


@pytest.mark.parametrize("engine", ["fbgemm", "x86", "onednn", "qnnpack"])
@pytest.mark.parametrize(("option", "word"), FX)
def test_torch(network: nn.Module, tmp_path: Path, engine: str, option: str, word: str) -> None:
    if engine == "onednn" and word == "affine-weights":
        with pytest.raises(Unsupported, match="onednn"):
            export(network, "onednn-int8", tmp_path, options={option: word})
        return
    done = export(network, f"{engine}-int8", tmp_path, options={option: word})
    assert done.calibration_method == (word if option == "calibration" else "percentile")
    found = answers(done, engine)
    assert 0 < np.abs(found - dense(network)).max() < 0.15
    if word != "percentile" and (engine, word) != ("qnnpack", "per-tensor"):  # those are the defaults
        plain = export(network, f"{engine}-int8", tmp_path)
        assert (answers(plain, engine) != found).any()


ORT = [("calibration", w) for w in ("minmax", "entropy", "percentile", "moving-average")] + [
    ("types", "u8s8"), ("types", "u8u8"), ("types", "s8s8"), ("range", "full-range"), ("granularity", "per-tensor"),
    ("weights", "affine-weights"), ("activations", "symmetric-activations"), ("operators", "products-only"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "word"), ORT)
def test_onnx(network: nn.Module, tmp_path: Path, option: str, word: str) -> None:
    done = export(network, "onnx-int8", tmp_path, options={option: word})
    assert done.calibration_method == (word if option == "calibration" else "minmax")
    assert 0 < np.abs(answers(done, "") - dense(network)).max() < 0.3
    types = {i.data_type for i in onnx.load(done.file).graph.initializer if len(i.dims) > 1}
    assert types == {onnx.TensorProto.UINT8 if word == "u8u8" else onnx.TensorProto.INT8}
    assert (SEVEN_BITS in done.notes) is (word not in ("u8u8", "full-range"))


class Untraceable(Net):
    """FX cannot trace a condition on values, so each layer is a part of its own."""

    def forward(self, x: Tensor) -> Tensor:
        assert x.isfinite().all()
        return super().forward(x)


@pytest.mark.parametrize("name", ["fbgemm-int8", "qnnpack-int8"])
def test_a_layer_that_is_a_part_of_its_own_stays_in_float(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    untraceable = Untraceable().eval()
    done = export(untraceable, name, tmp_path, {"block": "it is sensitive"})
    assert done.float_parts == ("block: it is sensitive",)
    code = torch.jit.load(str(done.file)).inlined_graph  # type: ignore[no-untyped-call]
    kinds = [node.kind() for node in code.nodes()]
    assert sum(kind.startswith("quantized::conv1d") for kind in kinds) == 1
    assert any(kind in ("aten::conv1d", "aten::_convolution") for kind in kinds)


@pytest.mark.parametrize("name", ["fbgemm-int8", "qnnpack-int8", "onnx-int8"])
def test_a_module_stays_in_float_on_request(network: nn.Module, tmp_path: Path, name: str) -> None:
    done = export(network, name, tmp_path, {"block": "it is sensitive"})
    assert len(done.float_parts) == 1
    assert done.float_parts[0].endswith("it is sensitive")
    assert done.file.stat().st_size > export(network, name, tmp_path).file.stat().st_size


class Normalised(nn.Module):
    """The export folds each normalisation into the convolution before it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv1d(4, 16, 5, bias=False), nn.BatchNorm1d(16)
        self.block, self.norm2, self.head = nn.Conv1d(16, 16, 3, bias=False), nn.BatchNorm1d(16), nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(x)))
        logits: Tensor = self.head(torch.relu(self.norm2(self.block(x))).mean(-1))
        return logits


def test_a_convolution_with_its_normalisation_stays_in_float_in_onnx(tmp_path: Path) -> None:
    torch.manual_seed(0)
    done = export(Normalised().eval(), "onnx-int8", tmp_path, {"block": "it was requested"})
    (part,) = done.float_parts
    assert "(Conv)" in part and "it was requested" in part
    floats = [i.dims[:] for i in onnx.load(done.file).graph.initializer if i.data_type == onnx.TensorProto.FLOAT]
    assert [16, 16, 3] in floats and [16, 4, 5] not in floats
