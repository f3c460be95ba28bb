"""An ONNX graph without the weight of its own words: the same operators, in a smaller file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


def compact(model: Any) -> None:
    """Make a model smaller in place; what it computes stays the same.

    The tracing exporter writes each scale as a node of its own, and names every value by its place in the network.
    Equal constants become one initializer, and values between operators get short names. The names of operators, of
    inputs, outputs and weights stay.
    """
    graph = model.graph
    taken = {i.name for i in graph.initializer} | {v.name for v in (*graph.input, *graph.output)}
    renamed = _constants_once(graph, _fresh("c", taken))
    fresh = _fresh("v", taken)
    for node in graph.node:
        for value in node.output:
            if value and value not in taken:
                renamed[value] = next(fresh)
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [renamed.get(value, value) for value in values]
    del graph.value_info[:]  # shapes under the old names; runtimes infer them


def _fresh(letter: str, taken: set[str]) -> Iterator[str]:
    """Short names that nothing has."""
    return (name for number in itertools.count() if (name := f"{letter}{number}") not in taken)


def _constants_once(graph: Any, fresh: Iterator[str]) -> dict[str, str]:
    """Turn constant nodes into initializers, equal ones into one; returns what became of their names."""
    from onnx import numpy_helper

    first: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    renamed = {}
    for node in [n for n in graph.node if n.op_type == "Constant" and n.attribute[0].name == "value"]:
        array = numpy_helper.to_array(node.attribute[0].t)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in first:
            first[key] = next(fresh)
            graph.initializer.append(numpy_helper.from_array(array, first[key]))
        renamed[node.output[0]] = first[key]
        graph.node.remove(node)
    return renamed
