"""Which modules of the network are int8 in a quantized ONNX file, by the names that the file has."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.runtimes import onnx_names

from ._onnx_quantize import PRODUCTS

if TYPE_CHECKING:
    from torch import nn


def int8_modules(path: Path, network: nn.Module) -> tuple[str, ...] | None:
    """Paths of the modules whose weights are int8 in a quantized file; None where they are not the file's int8 values.

    So it is where the file does not say to which module a product belongs, or a module has further weights.
    """
    import onnx

    from edgebench.quantization.shares import weights

    graph = onnx.load(path).graph
    sizes = {one.name: math.prod(one.dims) for one in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    stored: dict[str, str] = {}
    for node in graph.node:
        if node.op_type not in (*PRODUCTS, "MatMulInteger"):
            continue
        weight, quantized = node.input[1], node.op_type == "MatMulInteger"
        for passed in ("Transpose", "DequantizeLinear"):
            if (source := made_by.get(weight)) is not None and source.op_type == passed:
                weight, quantized = source.input[0], quantized or passed == "DequantizeLinear"
        if quantized and weight in sizes:  # else it is a product of activations
            stored[weight] = onnx_names.layer(node, weight)
    own = {name: weights(module) for name, module in network.named_modules()}
    modules = tuple(dict.fromkeys(stored.values()))
    return modules if sum(own.get(name, 0) for name in modules) == sum(sizes[name] for name in stored) else None


def name_nodes(graph: Any, modules: Collection[str]) -> None:
    """Name the nodes of torch's tracing exporter by the network's own `modules`, or by none of them.

    Where FX rewrote the network, that exporter leaves out the containers: `conv` for `blocks.0.conv`.
    """
    for number, node in enumerate(graph.node):
        parameters = (name.rpartition(".")[0] for name in node.input if name.endswith((".weight", ".bias")))
        found = (module_of(name, modules) for name in (*parameters, onnx_names.of_path(node.name)))
        module = next(filter(None, found), "")
        node.name = f"/{module}/{node.op_type}_{number}" if module else f"{node.op_type}_{number}"


def module_of(name: str, modules: Collection[str]) -> str:
    """The module of a network that a name means; empty where it is none."""
    # A convolution with a fused activation stands inside a container.
    return next((one for one in (name, name.removesuffix(".0")) if one in modules), "")


def scopes_of(graph: Any) -> dict[str, str]:
    """The scopes of each node of a graph that has any."""
    return {
        node.name: one.value for node in graph.graph.node for one in node.metadata_props if one.key == onnx_names.SCOPES
    }


def name_products(path: Path, scopes: Mapping[str, str]) -> None:
    """Give the dynamically quantized products of a file the scopes of the graph before, which they have lost."""
    import onnx

    model = onnx.load(path)
    for node in model.graph.node:
        if node.op_type == "MatMulInteger" and (own := scopes.get(node.name.removesuffix("_quant"))):
            node.metadata_props.add(key=onnx_names.SCOPES, value=own)
    onnx.save(model, path)
