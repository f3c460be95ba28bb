"""torchao's PT2E: int8 of networks as torch.export sees them; a backend's quantizer says what becomes int8.

Nothing of torch.ao's FX mode is used here.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from edgebench.core.errors import Unsupported, first_line

BATCH = 16
"""Calibration records of one pass, where the network takes several at a time."""
PRODUCTS = {"conv1d", "conv2d", "conv3d", "linear", "conv_transpose1d", "conv_transpose2d", "convolution"}
"""ATen operators with weights, which are their second argument."""


def captured(network: nn.Module, zeros: Callable[[int], tuple[Tensor, ...]]) -> fx.GraphModule:
    """The network as a graph of ATen operators, for any number of records, or for one where its code allows no other.

    `zeros` makes records. The weights are those of the network. Raises Unsupported where torch.export fails.
    """
    any_number = torch.export.Dim.AUTO
    tries: list[tuple[int, Any]] = [(2, any_number), (1, None)]
    for size, batch in tries:
        example = zeros(size)
        shapes = None if batch is None else tuple({0: batch} for _ in example)
        try:
            with quiet():
                program = torch.export.export(network, example, dynamic_shapes=shapes)
        except Exception as error:  # torch.export runs the network's code and raises many kinds
            if batch is None:
                raise Unsupported(f"torch.export: {first_line(error)[:300]}") from error
            continue
        graph: fx.GraphModule = program.module(check_guards=False)
        if batch is None or takes_any_batch(graph):
            return graph
    raise AssertionError("the last try returns or raises")


def takes_any_batch(graph: fx.GraphModule) -> bool:
    """Whether a captured network takes any number of records, not only one."""
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    return all(isinstance(node.meta["val"].shape[0], torch.SymInt) for node in inputs)


def one_by_one(graph: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same network called with each record alone, as it is deployed."""

    def run(*records: Tensor) -> Tensor:
        rows = [graph(*(one[i : i + 1] for one in records)) for i in range(len(records[0]))]
        return torch.cat(rows)

    return run


def quantized(graph: fx.GraphModule, quantizer: Any, records: Sequence[NDArray[np.float32]]) -> fx.GraphModule:
    """The graph with int8 weights and activations, calibrated on these records; `graph` is used up.

    The graph says what is int8 by pairs of quantize and dequantize, for a backend to make int8 kernels of.
    """
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    size = BATCH if takes_any_batch(graph) else 1
    with quiet(), torch.no_grad():
        observed = prepare_pt2e(graph, quantizer)
        for start in range(0, len(records[0]), size):
            observed(*(torch.from_numpy(np.ascontiguousarray(one[start : start + size])) for one in records))
        converted: fx.GraphModule = convert_pt2e(observed)
    return converted


def within(paths: Mapping[str, str]) -> Callable[[fx.Node], bool]:
    """Whether a node of a captured network lies in one of these modules."""

    def inside(node: fx.Node) -> bool:
        return any(one == path or one.startswith(f"{path}.") for one in modules_of(node) for path in paths)

    return inside


def modules_of(node: fx.Node) -> list[str]:
    """Paths of the modules whose code a node comes from, the innermost last."""
    return [str(path) for path, _ in node.meta.get("nn_module_stack", {}).values() if path]


def precision_of_modules(converted: fx.GraphModule, network: nn.Module) -> tuple[tuple[str, ...] | None, list[str]]:
    """Paths of the network's modules whose weights are int8, and of those with products in float.

    The first is None where a product belongs to no module of the network.
    """
    known = dict(network.named_modules())
    int8: dict[str, None] = {}
    floats: dict[str, None] = {}
    complete = True
    for node in converted.graph.nodes:
        if _operator(node) in PRODUCTS:
            path = next((one for one in reversed(modules_of(node)) if one in known), "")
            if not path:
                complete = False
            elif _is_int8(node.args[1], converted):
                int8[path] = None
            else:
                floats[path] = None
    return (tuple(path for path in int8 if path not in floats) if complete else None), list(floats)


def _operator(node: fx.Node) -> str:
    target = node.target
    return str(target.overloadpacket.__name__) if isinstance(target, torch._ops.OpOverload) else ""


def _is_int8(weight: object, graph: fx.GraphModule) -> bool:
    """Whether a weight is dequantized from a stored int8 tensor."""
    while isinstance(weight, fx.Node) and weight.op == "call_function" and weight.args:
        weight = weight.args[0]
    if not isinstance(weight, fx.Node) or weight.op != "get_attr":
        return False
    found: Any = graph
    for part in str(weight.target).split("."):
        found = getattr(found, part)
    return isinstance(found, Tensor) and found.dtype == torch.int8


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings and messages of the export stack."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
