"""A compacted ONNX graph computes the same, and is smaller."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from edgebench.exporters import _onnx_compact  # type: ignore[import-not-found]  # mypy sees it as exporters
from edgebench.exporters._onnx_compact import compact  # type: ignore[import-not-found]
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ecg


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(4, 8, 3)
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        for layer in self.layers:
            x = torch.fake_quantize_per_tensor_affine(layer(x) * 3.0 + 3.0, 0.05, 128, 0, 255)
        return x


SIGNALS = np.random.default_rng(0).normal(size=(16, 4, 64)).astype(np.float32)


def answers(path: Path, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {"signals": x})[0]
    return found


def test_the_same_answers_from_a_smaller_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before, after = tmp_path / "before.onnx", tmp_path / "after.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Net().eval(), (torch.zeros(1, 4, 8),), str(before), dynamo=False, opset_version=17,
            input_names=["signals"], output_names=["logits"], do_constant_folding=False,
        )  # fmt: skip
    model = onnx.load(before)
    kinds = sorted(n.op_type for n in model.graph.node if n.op_type != "Constant")
    constants = [n for n in model.graph.node if n.op_type == "Constant"]
    names = {n.name for n in model.graph.node if n.op_type != "Constant"}
    assert len(constants) > 4, "nothing to share"
    compact(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, after)
    assert sorted(n.op_type for n in model.graph.node) == kinds
    assert {n.name for n in model.graph.node} == names
    shared = [i.name for i in model.graph.initializer if i.name.startswith("c")]
    assert 0 < len([s for s in shared if s[1:].isdigit()]) < len(constants)
    assert {"convolution.weight", "layers.0.bias"} <= {i.name for i in model.graph.initializer}
    assert after.stat().st_size < before.stat().st_size
    x = np.random.default_rng(0).normal(size=(1, 4, 8)).astype(np.float32)
    assert np.array_equal(answers(before, x), answers(after, x))


def test_names_that_are_there_already_are_not_taken(tmp_path: Path) -> None:
    make = onnx.helper
    value = make.make_tensor("v", onnx.TensorProto.FLOAT, [1], [2.0])
    taken = make.make_tensor("c0", onnx.TensorProto.FLOAT, [1], [5.0])
    graph = make.make_graph(
        [
            make.make_node("Constant", [], ["two"], value=value),
            make.make_node("Add", ["signals", "two"], ["sum"]),
            make.make_node("Mul", ["sum", "c0"], ["v0"]),
        ],
        "net",
        [make.make_tensor_value_info("signals", onnx.TensorProto.FLOAT, [1])],
        [make.make_tensor_value_info("v0", onnx.TensorProto.FLOAT, [1])],
        [taken],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    compact(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, tmp_path / "net.onnx")
    assert answers(tmp_path / "net.onnx", np.array([1.0], np.float32)).tolist() == [15.0]


class Convolutions(nn.Module):
    """Two convolutions with biases, one of them by channel, an addition and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 64, 5, padding=2), nn.Conv1d(64, 64, 3, padding=1, groups=64)
        self.head = nn.Linear(64, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first(x))
        found: Tensor = self.head((y + torch.relu(self.second(y))).mean(-1))
        return found


def quantized(folder: Path, **options: str) -> Path:
    contract = ecg(("I", "II", "III", "AVR"), 64)
    folder.mkdir()
    torch.manual_seed(0)
    task = ExportTask(Convolutions().eval(), folder, folder, contract, lambda: SIGNALS, options, {})
    return registry.exporter("onnx-int8").export(task).file


@pytest.mark.parametrize("granularity", ["per-channel", "per-tensor"])
def test_a_quantized_file_shrinks_and_answers_the_same(
    granularity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = quantized(tmp_path / "small", granularity=granularity)
    monkeypatch.setattr(_onnx_compact, "shrink", lambda model: None)
    large = quantized(tmp_path / "large", granularity=granularity)
    found, operators = [], []
    for path in (large, small):
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath, options.log_severity_level = str(path.with_suffix(".optimized")), 3
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        found.append(session.run(None, {"signals": SIGNALS})[0])
        graph = onnx.load(path.with_suffix(".optimized"), format="protobuf").graph
        operators.append(sorted(node.op_type for node in graph.node))
    assert np.array_equal(*found) and operators[0] == operators[1] and "QLinearConv" in operators[0]
    onnx.checker.check_model(onnx.load(small), full_check=True)
    saved = large.stat().st_size - small.stat().st_size
    # Of each channel: an int8 and an int32 zero point, and a float32 scale of the bias.
    assert saved > (2 * 64 * 9 if granularity == "per-channel" else 0)


def test_a_graph_with_branches_keeps_its_names() -> None:
    inner = onnx.parser.parse_graph("yes () => (float[1] y) { y = Identity(outer) }")
    other = onnx.parser.parse_graph("no () => (float[1] y) { y = Neg(outer) }")
    graph = onnx.parser.parse_graph("whole (bool c, float[1] x) => (float[1] y) { outer = Abs(x) y = Neg(outer) }")
    graph.node[1].CopyFrom(onnx.helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=other))
    model = onnx.helper.make_model(graph)
    before = model.SerializeToString()
    _onnx_compact.shrink(model)
    assert model.SerializeToString() == before
