"""Small files of strangers: an image classifier and a regressor in ONNX, with answers that NumPy computes, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgebench.artifacts import manifests
from edgebench.core.contracts import Artifact, Job
from edgebench.core.datasets import RecordSet
from edgebench.core.expected import Expected
from edgebench.measuring import worker

WEIGHTS = np.random.default_rng(5).normal(0, 9, (3, 10)).astype(np.float32)


def save(
    path: Path, nodes: Sequence[onnx.NodeProto], shape: Sequence[int | str], answer: Sequence[int | str],
    **weights: NDArray[np.generic],
) -> Path:  # fmt: skip
    """A graph from `x` to `y`, both float."""
    graph = helper.make_graph(
        list(nodes), "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, answer)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def classifier(path: Path, channels_last: bool = False, softmax: bool = False, batch: int | str = "n") -> Path:
    """Ten classes from the mean of each channel of an image of 32 x 32."""
    axes = np.array([1, 2] if channels_last else [2, 3])
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["z" if softmax else "y"]),
        *([helper.make_node("Softmax", ["z"], ["y"], axis=1)] if softmax else []),
    ]
    shape = [batch, 32, 32, 3] if channels_last else [batch, 3, 32, 32]
    return save(path, nodes, shape, [batch, 10], axes=axes, w=WEIGHTS)


def regressor(path: Path, weights: NDArray[np.float32], outputs: int = 1) -> Path:
    """One value a record without an axis for it, or several."""
    matrix = np.tile(weights[:, None], (1, outputs))
    if outputs > 1:
        return save(
            path, [helper.make_node("MatMul", ["x", "w"], ["y"])], ["n", len(weights)], ["n", outputs], w=matrix
        )
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Squeeze", ["z", "one"], ["y"]),
    ]  # fmt: skip
    return save(path, nodes, ["n", len(weights)], ["n"], w=matrix, one=np.array([1]))


def described(path: Path, records: RecordSet) -> Artifact:
    """The record of a file for these records."""
    return manifests.read(path, wanted=Expected.of(records)).artifact


def answered(artifact: Artifact, path: Path, records: RecordSet, folder: Path) -> NDArray[np.float32]:
    """The answers of an artifact, by a worker's job in this process."""
    output = folder / "answers.npy"
    job = Job("predict", artifact, str(path), "cpu", 1, artifact.engine, records.input, str(output), batch=4)
    outcome = worker.perform(job)
    assert outcome.status == "ok", outcome.reason
    found: NDArray[np.float32] = np.load(output)
    return found
