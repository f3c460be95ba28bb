"""Shorten an ONNX graph: the same operators with shared constants and short names, in a smaller file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


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
