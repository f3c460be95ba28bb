"""Shorten an ONNX graph: the same operators with shared constants and short names, in a smaller file."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

from edgebench.runtimes import onnx_names


def compact(model: Any) -> None:
    """Make a model smaller in place, without a change of what it computes.

    The tracing exporter writes each scale as a separate node and gives every value a long name. Equal constants become
    one initializer, and values between operators get short names. Operators, inputs, outputs and weights keep their
    names.
    """
    graph = model.graph
    taken = {i.name for i in graph.initializer} | {v.name for v in (*graph.input, *graph.output)}
    renamed = _share_constants(graph, _unused_names("c", taken))
    names = _unused_names("v", taken)
    for node in graph.node:
        for value in node.output:
            if value and value not in taken:
                renamed[value] = next(names)
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [renamed.get(value, value) for value in values]
    del graph.value_info[:]  # shapes under the old names; runtimes infer them


def shrink(model: Any) -> None:
    """The same for what ONNX Runtime's quantizer writes, which has three further numbers for each channel.

    The zero points of a convolution's weights and bias are left out where all are zero, which they then are without
    them (other operators need them to become int8). A bias's scales are products of others: the runtime multiplies
    them once, as it loads the file. What remains of them is compared with the file's own, so that no bit changes.
    """
    from onnx import helper

    graph = model.graph
    if any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):
        return  # a branch uses names from outside
    constants = _constants(graph)
    made_by = {output: node for node in graph.node for output in node.output}
    used_by = Counter(value for node in graph.node for value in node.input)
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    names, products = _unused_names("s", taken), []
    for node in graph.node:
        parts: list[Any] = [made_by.get(value) for value in node.input]
        if node.op_type != "Conv" or any(part is None or part.op_type != "DequantizeLinear" for part in parts):
            continue
        if onnx_names.of_weight(parts[1].input[0]):
            del node.metadata_props[:]  # the name of the weights says the same module
        for part in parts[1:]:
            zero = constants.get(part.input[2]) if len(part.input) > 2 else None
            if zero is not None and not zero.any() and used_by[part.output[0]] == 1:
                del part.input[2:]
        if len(parts) > 2:
            first, second, scale = (constants.get(part.input[1]) for part in parts)
            if first is None or second is None or scale is None or scale.size == 1:
                continue
            if (first * second).tobytes() == scale.tobytes():
                name = next(names)
                products.append(helper.make_node("Mul", [part.input[1] for part in parts[:2]], [name], name))
                parts[2].input[1] = name
    nodes = [*products, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    used = {value for node in graph.node for value in node.input}
    for unused in [one for one in graph.initializer if one.name not in used]:
        graph.initializer.remove(unused)
    compact(model)
    names = _unused_names("n", {node.name for node in graph.node})
    for node in graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            node.name = next(names)


def _constants(graph: Any) -> dict[str, Any]:
    """The values of the initializers by name."""
    from onnx import numpy_helper

    return {one.name: numpy_helper.to_array(one) for one in graph.initializer}


def _unused_names(letter: str, taken: set[str]) -> Iterator[str]:
    """Short names that are not taken."""
    return (name for number in itertools.count() if (name := f"{letter}{number}") not in taken)


def _share_constants(graph: Any, names: Iterator[str]) -> dict[str, str]:
    """Replace constant nodes by initializers, equal ones by the same; returns new names by old names."""
    from onnx import numpy_helper

    first: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    renamed = {}
    for node in [n for n in graph.node if n.op_type == "Constant" and n.attribute[0].name == "value"]:
        array = numpy_helper.to_array(node.attribute[0].t)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in first:
            first[key] = next(names)
            graph.initializer.append(numpy_helper.from_array(array, first[key]))
        renamed[node.output[0]] = first[key]
        graph.node.remove(node)
    return renamed
