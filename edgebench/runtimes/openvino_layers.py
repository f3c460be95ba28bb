"""The weights of a file of OpenVINO, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.file_facts import Layer
from edgebench.runtimes import onnx_names, onnx_weights, openvino_file

PRODUCTS = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData", "MatMul")
"""Operators with weights, which are their second input."""


def layers(path: Path) -> Iterator[Layer]:
    """Each product with constant weights; raises ArtifactError, MissingPackage."""
    if path.suffix == ".onnx":
        yield from onnx_weights.layers(path)
        return
    for node in openvino_file.model(path).get_ordered_ops():
        if node.get_type_name() in PRODUCTS and (found := _layer(node)):
            yield found


def finder(path: Path) -> Callable[[str], str]:
    """A function that says the layer of an executed node, from its name; empty where it is not known."""
    found = {}
    for node in openvino_file.model(path).get_ordered_ops():
        if node.get_type_name() in PRODUCTS:
            found[str(node.friendly_name)] = _name(node, _constant_node(node.input_value(1)))

    def layer(name: str) -> str:
        while name not in found and "/" in name:  # what was fused with a product is named after it
            name = name.rpartition("/")[0]
        return found.get(name, "")

    return layer


def _layer(product: Any) -> Layer | None:
    scale: NDArray[np.float32] | None = None
    zero: NDArray[Any] | None = None
    node = product.input_value(1).get_node()
    while (kind := node.get_type_name()) != "Constant":
        if kind == "Multiply":
            scale = _constant(node.input_value(1))
        elif kind == "Subtract":
            zero = _constant(node.input_value(1))
        elif kind != "Convert":
            return None  # an activation, or weights that are rounded when they are loaded
        node = node.input_value(0).get_node()
    values, name = np.asarray(node.data), _name(product, node)
    if values.dtype.kind == "f":
        return Layer(name, _outputs_first(values.astype(np.float32), product), 8 * values.dtype.itemsize)
    if scale is None or values.dtype.itemsize != 1:
        return None
    offset = np.zeros(1, np.float32) if zero is None else zero
    real = (values.astype(np.float32) - offset.astype(np.float32)) * scale.astype(np.float32)
    levels = int(values.max()) - int(values.min()) + 1
    return Layer(
        name, _outputs_first(real, product), 8, scale.astype(np.float32).reshape(-1), levels,
        offset.astype(np.int32).reshape(-1),
    )  # fmt: skip


def _constant(output: Any) -> NDArray[Any] | None:
    node = _constant_node(output)
    return np.asarray(node.data) if node.get_type_name() == "Constant" else None


def _constant_node(output: Any) -> Any:
    """The node of a constant behind conversions and scales; another one where it is none."""
    node = output.get_node()
    while node.get_type_name() in ("Convert", "Multiply", "Subtract"):
        node = node.input_value(0).get_node()
    return node


def _name(product: Any, weights: Any) -> str:
    """The module of the network where the weights have its name; else the product's own name."""
    own = str(product.friendly_name).removesuffix("/WithoutBiases")
    return onnx_names.of_weight(str(weights.friendly_name)) or own


def _outputs_first(values: NDArray[np.float32], product: Any) -> NDArray[np.float32]:
    kind = product.get_type_name()
    if kind.startswith("Group"):
        values = values.reshape(-1, *values.shape[2:])
    elif kind == "ConvolutionBackpropData":
        values = np.moveaxis(values, 1, 0)
    elif kind == "MatMul" and not product.get_attributes()["transpose_b"]:
        values = np.moveaxis(values, -1, 0)
    return np.ascontiguousarray(values)
