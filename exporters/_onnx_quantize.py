"""Shared code of the two quantizing ONNX exporters."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.core.protocols import ExportTask
from edgebench.quantization.float_modules import float_modules
from edgebench.runtimes import onnx_names

from ._input_names import names
from ._onnx_graph import nodes_within, shared_graph
from ._same_network import require_same

if TYPE_CHECKING:
    from torch import Tensor

PRODUCTS = ("Conv", "MatMul", "Gemm")
"""ONNX's operators with weights that are quantized."""


def prepared(task: ExportTask) -> Path:
    """The task's graph after ONNX Runtime's pre-processing for quantization: normalisation folded, shapes inferred.

    Its symbolic shape inference can fail on a dynamic batch; that step is then skipped. Raises ModelError where the
    graph is another network than the task's.
    """
    import torch
    from onnxruntime import InferenceSession
    from onnxruntime.quantization.shape_inference import quant_pre_process

    logging.getLogger().setLevel(logging.ERROR)  # onnxruntime.quantization warns on the root logger
    graph = shared_graph(task)
    path = graph.with_name("prepared.onnx")
    if path.exists():
        return path  # another exporter's
    session = InferenceSession(str(graph), providers=["CPUExecutionProvider"])

    def run(*records: Tensor) -> Tensor:
        given = zip(names(task), records, strict=True)
        return torch.from_numpy(session.run(None, {name: one.numpy() for name, one in given})[0])

    require_same(task, run, "the ONNX graph")
    try:
        quant_pre_process(graph, path)
    except Exception:  # it raises a bare Exception where it cannot infer a shape
        quant_pre_process(graph, path, skip_symbolic_shape=True)
    return path


def excluded_nodes(task: ExportTask) -> dict[str, str]:
    """Nodes of the modules that stay in float, each with the reason."""
    return {
        node: reason
        for path, reason in {**float_modules(task.network), **task.floats}.items()
        for node in nodes_within(shared_graph(task), path)
    }


def float_parts(path: Path, operators: tuple[str, ...], excluded: Mapping[str, str]) -> tuple[str, ...]:
    """Layers of these operators that quantization left in float, by their second input, each with the reason."""
    import onnx

    graph = onnx.load(path).graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    return tuple(
        f"{onnx_names.layer(node, node.input[1])} ({node.op_type}): "
        f"{excluded.get(node.name, 'left in float by ONNX Runtime')}"
        for node in graph.node
        if node.op_type in operators and made_by.get(node.input[1]) != "DequantizeLinear"
    )
