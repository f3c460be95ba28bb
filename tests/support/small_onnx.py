"""ONNX files of two layers, written without torch: the mean power of each lead, and a linear layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
THRESHOLDS = (0.5, 0.4, 0.5, 0.55, 0.6)
"""Of the card."""
CARD = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"]\nthresholds = [0.5, 0.4, 0.5, 0.55, 0.6]\n'


def weights(seed: int = 0) -> NDArray[np.float32]:
    """The linear layer's, (12 leads, 5 classes)."""
    return np.random.default_rng(seed).normal(0, 8, (12, 5)).astype(np.float32)


def save(
    path: Path, card: str = CARD, *, rows: Sequence[int] = tuple(range(12)), columns: Sequence[int] = tuple(range(5)),
    kind: int = TensorProto.FLOAT, out_kind: int | None = None, before: Sequence[Any] = (), batch: int | str = "batch",
    further: dict[str, tuple[list[int | str], int]] | None = None, outputs: Sequence[str] = ("logits",),
) -> Path:  # fmt: skip
    """Write a file and its card; `rows` are the leads it takes and `columns` the classes it answers, in its order.

    `before` are nodes that make `x` of `signal`; a `further` input (b, n) of floats adds its sum to the logits. Of
    several outputs, those that are not called `logits` hold the negative logits.
    """
    matrix = weights()[np.ix_(rows, columns)]
    nodes = list(before) or [helper.make_node("Cast", ["signal"], ["x"], to=TensorProto.FLOAT)]
    nodes += [
        helper.make_node("Mul", ["x", "x"], ["power"]),
        helper.make_node("ReduceMean", ["power"], ["mean"], axes=[2], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["scores"]),
    ]
    last = "scores"
    for name in further or {}:
        nodes += [
            helper.make_node("Cast", [name], [f"{name}_float"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", [f"{name}_float", "one"], [f"{name}_sum"], keepdims=1),
            helper.make_node("Add", [last, f"{name}_sum"], [f"{name}_added"]),
        ]
        last = f"{name}_added"
    nodes.append(helper.make_node("Neg", [last], ["negative"]))
    out_kind = out_kind or TensorProto.FLOAT
    nodes += [
        helper.make_node("Cast", [last if name == "logits" or len(outputs) == 1 else "negative"], [name], to=out_kind)
        for name in outputs
    ]
    inputs = [helper.make_tensor_value_info("signal", kind, [batch, len(rows), 1000])]
    inputs += [helper.make_tensor_value_info(name, k, shape) for name, (shape, k) in (further or {}).items()]
    graph = helper.make_graph(
        nodes, "small", inputs,
        [helper.make_tensor_value_info(name, out_kind, [batch, len(columns)]) for name in outputs],
        [numpy_helper.from_array(matrix, "weights"), numpy_helper.from_array(np.array([1]), "one")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    path.with_suffix(".toml").write_text(card)
    return path


def logits(signals: NDArray[np.float32]) -> NDArray[np.float64]:
    """What a file with all leads answers, computed in float64."""
    found: NDArray[np.float64] = np.square(signals.astype(np.float64)).mean(2) @ weights().astype(np.float64)
    return found
