"""The layer of each node that ONNX Runtime runs, whose optimised graph has other nodes than the file. Needs no onnx."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgebench.runtimes import onnx_names
from edgebench.runtimes.onnx_file import fields, text

PRODUCTS = ("Conv", "Gemm", "MatMul", "ConvTranspose", "MatMulInteger", "ConvInteger")
"""Operators with weights, which are their second input."""
GRAPH, NODE, INPUT, OUTPUT, NAME, OPERATOR, METADATA = 7, 1, 1, 2, 3, 4, 9
"""Numbers of protobuf's fields, in a model, in its graph and in a node."""
CHANGED = re.compile(r"(_token_\d+|_nchwc|/MatMulScaleFusion/)+$")
"""What optimisations append to a node's name, or to that of its output."""
CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
FURTHEST = 4
"""Nodes between a product and the end of what may be fused with it."""


@dataclass(frozen=True)
class Node:
    """A node of the file's graph."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scopes: str


def finder(path: Path) -> Callable[[str, str], str]:
    """A function that says the layer of an executed node, from its name and operator; empty where it is not known."""
    found = nodes(path)
    by_name = {node.name: node for node in found}
    by_output = {value: node for node in found for value in node.outputs}

    def layer(name: str, operator: str) -> str:
        name = CHANGED.sub("", name)
        node = by_name.get(name) or by_output.get(name)
        # A product fused with what follows may have the name of that; a conversion belongs to what it converts.
        fused = any(part in operator for part in ("Conv", "Gemm", "MatMul"))
        for _ in range(FURTHEST):
            if node is None or (node.operator in PRODUCTS if fused else node.operator not in CONVERSIONS):
                return own(node, by_output) if node else ""
            node = by_output.get(next(iter(node.inputs), ""))
        return ""

    return layer


def own(node: Node, by_output: Mapping[str, Node]) -> str:
    """The layer of a node by what the file says of it."""
    weight = ""
    # Only of a product: equal parameters of small layers are one in the file.
    if node.operator in PRODUCTS and len(node.inputs) > 1:
        weight = node.inputs[1]
        for passed in ("Transpose", "DequantizeLinear"):
            source = by_output.get(weight)
            if source and source.operator == passed and source.inputs:
                weight = source.inputs[0]
    return onnx_names.of_weight(weight) or onnx_names.of_scopes(node.scopes) or onnx_names.of_path(node.name)


def nodes(path: Path) -> list[Node]:
    """The nodes of a whole file's graph."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [
            _node(data, begin, end)
            for number, start, stop in fields(data, 0, len(data))
            if number == GRAPH and stop is not None
            for kind, begin, end in fields(data, start, stop)
            if kind == NODE and end is not None
        ]


def _node(data: mmap.mmap, start: int, stop: int) -> Node:
    texts: dict[int, list[str]] = {INPUT: [], OUTPUT: [], NAME: [], OPERATOR: []}
    scopes = ""
    for number, begin, end in fields(data, start, stop):
        if end is None:
            continue
        if number in texts:
            texts[number].append(data[begin:end].decode())
        elif number == METADATA:
            pair: dict[int, int | bytes] = {n: data[b:e] for n, b, e in fields(data, begin, end) if e is not None}
            if text(pair, 1) == onnx_names.SCOPES:
                scopes = text(pair, 2)
    one = {number: next(iter(texts[number]), "") for number in (NAME, OPERATOR)}
    return Node(one[NAME], one[OPERATOR], tuple(texts[INPUT]), tuple(texts[OUTPUT]), scopes)
