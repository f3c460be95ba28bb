"""A compacted ONNX graph computes the same, and is smaller."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from edgebench.exporters._onnx_compact import compact  # type: ignore[import-not-found]  # mypy sees it as exporters
from torch import Tensor, nn


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
