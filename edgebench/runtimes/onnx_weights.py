"""The weights of an ONNX file, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import MissingPackage
from edgebench.core.file_facts import Layer
from edgebench.runtimes import onnx_file, onnx_names
from edgebench.runtimes.onnx_constants import Constants
from edgebench.runtimes.onnx_layers import PRODUCTS


def layers(path: Path) -> Iterator[Layer]:
    """Each product with constant weights; raises ArtifactError, MissingPackage."""
    try:
        import onnx
    except ModuleNotFoundError:
        raise MissingPackage("onnx", "build", f"to inspect '{path}'") from None
    onnx_file.require_whole(path)
    graph = onnx.load(path).graph
    producers = {output: node for node in graph.node for output in node.output}
    constants = Constants(graph)
    for node in graph.node:
        if node.op_type not in PRODUCTS or len(node.input) < 2:
            continue
        # The weights have their outputs first where a Gemm transposes them, or a Transpose precedes the product.
        transposed = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
        weight, given = node.input[1], _input_range(producers.get(node.input[0]), constants)
        if (before := producers.get(weight)) is not None and before.op_type == "Transpose":
            weight, transposed = before.input[0], not transposed
        source = producers.get(weight)
        dequantized = source is not None and source.op_type == "DequantizeLinear"
        name = onnx_names.layer(node, source.input[0] if source is not None and dequantized else weight)
        if source is not None and source.op_type == "DequantizeLinear":
            axis = next((a.i for a in source.attribute if a.name == "axis"), 1)
            found = [constants(i) for i in source.input]
        elif node.op_type.endswith("Integer"):
            axis = -1
            found = [constants(i) for i in (weight, weight.replace("_quantized", "_scale"), *node.input[3:4])]
        else:
            values = constants(weight)
            if values is not None:
                bits = 8 * values.dtype.itemsize
                yield Layer(name, _outputs_first(values.astype(np.float32), node.op_type, transposed), bits)
            continue
        integers, scale, zero = (*found, None)[:3]
        if integers is not None and scale is not None:
            zero = np.zeros(1, np.int32) if zero is None else zero
            yield replace(_int8(name, integers, scale, zero, axis, (node.op_type, transposed)), input_range=given)


def _input_range(source: Any, constants: Constants) -> tuple[float, float] | None:
    """What the int8 input of a layer can hold, from the scale and zero point that dequantize it; None for no int8."""
    if source is None or source.op_type != "DequantizeLinear":
        return None
    scale, zero = (constants(name) for name in [*source.input[1:3], ""][:2])
    if scale is None or zero is None or scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    ends = np.iinfo(zero.dtype)
    low, high = (float(scale.item()) * (end - int(zero.item())) for end in (ends.min, ends.max))
    return (low, high) if np.isfinite([low, high]).all() else None


def _int8(
    name: str, integers: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any], axis: int, product: tuple[str, bool]
) -> Layer:
    shape = [-1 if d == axis % integers.ndim else 1 for d in range(integers.ndim)] if scale.size > 1 else [1]
    offset = zero.astype(np.float32).reshape(shape if zero.size > 1 else [1])
    real = (integers.astype(np.float32) - offset) * scale.astype(np.float32).reshape(shape)
    levels = int(integers.max()) - int(integers.min()) + 1
    return Layer(
        name, _outputs_first(real, *product), 8, scale.astype(np.float32).reshape(-1), levels, zero.reshape(-1)
    )


def _outputs_first(values: NDArray[np.float32], operator: str, transposed: bool) -> NDArray[np.float32]:
    """Weights with the output channels as first dimension; a matrix product in ONNX has them last."""
    last = operator.startswith(("MatMul", "Gemm")) and not transposed
    return np.ascontiguousarray(np.moveaxis(values, -1, 0)) if last else values
