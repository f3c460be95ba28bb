"""The fp32 ONNX graph from which every ONNX exporter starts, and functions that inspect a graph."""

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

from edgebench.core.errors import ModelError
from edgebench.core.files import replacing
from edgebench.core.inputs import InputSpec
from edgebench.core.protocols import ExportTask

from ._same_network import depends, values_read


def shared_graph(task: ExportTask) -> Path:
    """The graph of the task's network, which all exporters of that network share."""
    path = task.scratch / "graph.onnx"
    if not path.exists():
        with replacing(path) as part:
            try:
                save_graph(task.network, task.input, part)
            except Exception as error:
                if read := values_read(task):
                    raise ModelError(f"torch.export cannot take it: {depends(read)}") from error
                raise
    return path


def save_graph(network: nn.Module, contract: InputSpec, path: Path) -> Path:
    """Export with torch.onnx's dynamo exporter: input `signals`, output `logits`, any batch size, weights inside."""
    # torch.export would take a batch of one for a constant, so the example has two records.
    example = torch.zeros(2, *contract.shape)
    batch = torch.export.Dim("batch")
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network.eval(), (example,), path, dynamo=True, external_data=False, verbose=False,
                input_names=["signals"], output_names=["logits"], dynamic_shapes=({0: batch},),
            )  # fmt: skip
    finally:
        logger.setLevel(level)
    return path


def count_operators(path: Path) -> Counter[str]:
    """The number of nodes of each operator in a graph."""
    import onnx

    return Counter(node.op_type for node in onnx.load(path).graph.node)


def nodes_within(path: Path, module: str) -> list[str]:
    """Names of the nodes of one module of the network, from the scopes that torch.onnx records.

    A convolution with a fused normalisation has the scopes of the normalisation; its weights identify it.
    """
    import onnx

    names = []
    graph = onnx.load(path).graph
    weights = {i.name for i in graph.initializer if i.name.startswith(f"{module}.")}
    for node in graph.node:
        scopes = next((p.value for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes"), "[]")
        if module in ast.literal_eval(scopes) or weights.intersection(node.input):
            names.append(node.name)
    return names
