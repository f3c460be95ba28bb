"""Small ONNX files, good ones and hostile ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CARD = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"]\nthresholds = [0.5, 0.4, 0.5, 0.5, 0.6]\n'


def value(name: str, *shape: int | str, kind: int = TensorProto.FLOAT) -> Any:
    """The description of an input or output."""
    return helper.make_tensor_value_info(name, kind, list(shape))


def network(
    before: Sequence[Any] = (),
    mean_of: str = "x",
    initializers: Sequence[Any] = (),
    ir_version: int = 8,
    opsets: dict[str, int] | None = None,
) -> Any:
    """(batch, 12, 1000) → the mean of each lead → five logits; `before` are nodes that come first."""
    weight = numpy_helper.from_array(np.linspace(-1, 1, 60, dtype=np.float32).reshape(12, 5), "w")
    nodes = [
        *before,
        helper.make_node("ReduceMean", [mean_of], ["means"], axes=[2], keepdims=0),
        helper.make_node("MatMul", ["means", "w"], ["logits"], name="head"),
    ]
    graph = helper.make_graph(
        nodes, "g", [value("x", "batch", 12, 1000)], [value("logits", "batch", 5)], [weight, *initializers]
    )
    versions = [helper.make_opsetid(name, version) for name, version in (opsets or {"": 17}).items()]
    return helper.make_model(graph, ir_version=ir_version, opset_imports=versions)


def write(path: Path, model: Any, card: str = CARD) -> Path:
    """Write a file and its card."""
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    path.with_suffix(".toml").write_text(card)
    return path


def slow_to_optimise() -> Any:
    """A graph whose constants take minutes to fold: hundreds of products of large matrices."""
    nodes = [helper.make_node("ConstantOfShape", ["size"], ["m0"])]
    nodes += [helper.make_node("MatMul", [f"m{i}", "m0"], [f"m{i + 1}"]) for i in range(500)]
    nodes += [
        helper.make_node("ReduceMean", ["m500"], ["scalar"], keepdims=0),
        helper.make_node("Add", ["x", "scalar"], ["sum"]),
    ]
    return network(nodes, "sum", [numpy_helper.from_array(np.array([3000, 3000], np.int64), "size")])


def outside(model: Any, tensor: Any, location: str) -> Any:
    """The model, with this tensor of it in another file, as onnx writes it."""
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    return model
