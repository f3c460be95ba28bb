"""What the two quantizing ONNX exporters share."""

from __future__ import annotations

import logging
from pathlib import Path


def prepared(graph: Path) -> Path:
    """The graph after ONNX Runtime's pre-processing for quantization: normalisation folded, shapes inferred.

    Its symbolic shape inference can fail on a dynamic batch; then that step is left out.
    """
    from onnxruntime.quantization.shape_inference import quant_pre_process

    logging.getLogger().setLevel(logging.ERROR)  # onnxruntime.quantization warns on the root logger
    path = graph.with_name("prepared.onnx")
    try:
        quant_pre_process(graph, path)
    except Exception:  # it raises a bare Exception where it cannot infer a shape
        quant_pre_process(graph, path, skip_symbolic_shape=True)
    return path


def float_parts(path: Path, operators: tuple[str, ...]) -> tuple[str, ...]:
    """Nodes of these operators that read a float weight: what quantization left as it was."""
    import onnx

    graph = onnx.load(path).graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    return tuple(
        f"{node.name} ({node.op_type}): left in float by ONNX Runtime"
        for node in graph.node
        if node.op_type in operators and made_by.get(node.input[1]) != "DequantizeLinear"
    )
