"""The fp32 ONNX graph that every ONNX exporter starts from, and how its operators are counted."""

from __future__ import annotations

import ast
import contextlib
import io
import logging
import warnings
from collections import Counter
from pathlib import Path

import torch
from torch import nn

from edgebench.core.contracts import InputContract
from edgebench.core.files import replacing
from edgebench.core.protocols import ExportTask


def shared_graph(task: ExportTask) -> Path:
    """The graph of the task's network, exported once for all exporters of that network."""
    path = task.scratch / "graph.onnx"
    if not path.exists():
        with replacing(path) as part:
            save_graph(task.network, task.input, part)
    return path


def save_graph(network: nn.Module, contract: InputContract, path: Path) -> Path:
    """Export with torch.onnx's dynamo exporter: input `signals`, output `logits`, any batch size, weights inside."""
    # A batch of one would be taken for a constant by torch.export, so the example has two records.
    example = torch.zeros(2, *contract.shape)
    batch = torch.export.Dim("batch")
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network.eval(), (example,), path, dynamo=True, external_data=False, verbose=False,
                input_names=["signals"], output_names=["logits"], dynamic_shapes=({0: batch},),
            )  # fmt: skip
    finally:
        quiet.setLevel(level)
    return path


def count_operators(path: Path) -> Counter[str]:
    """How often each operator occurs in a graph."""
    import onnx

    return Counter(node.op_type for node in onnx.load(path).graph.node)


def nodes_within(path: Path, module: str) -> list[str]:
    """Names of the nodes that came from one module of the network, by the scopes that torch.onnx notes.

    A convolution that normalisation was fused into has the normalisation's scopes; it is known by its weights.
    """
    import onnx

    found = []
    graph = onnx.load(path).graph
    weights = {i.name for i in graph.initializer if i.name.startswith(f"{module}.")}
    for node in graph.node:
        scopes = next((p.value for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes"), "[]")
        if module in ast.literal_eval(scopes) or weights.intersection(node.input):
            found.append(node.name)
    return found
