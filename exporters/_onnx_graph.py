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

from edgebench.core.errors import ModelError
from edgebench.core.files import replacing
from edgebench.core.protocols import ExportTask
from edgebench.runtimes import onnx_names

from ._input_names import OUTPUT, names
from ._same_network import depends, values_read


def shared_graph(task: ExportTask) -> Path:
    """The graph of the task's network, which all exporters of that network share."""
    path = task.scratch / "graph.onnx"
    if not path.exists():
        with replacing(path) as part:
            try:
                save_graph(task, part)
            except Exception as error:
                if read := values_read(task):
                    raise ModelError(f"torch.export cannot take it: {depends(read)}") from error
                raise
    return path


def save_graph(task: ExportTask, path: Path) -> Path:
    """Export with torch.onnx's dynamo exporter: input `signals`, output `logits`, any batch size, weights inside.

    Further inputs have their own names.
    """
    # torch.export would take a batch of one for a constant, so the example has two records.
    example = task.zeros(2)
    free = {0: torch.export.Dim("batch")}
    shapes = (free, tuple(free for _ in task.further)) if task.further else (free,)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                task.network.eval(), example, path, dynamo=True, external_data=False, verbose=False,
                input_names=names(task), output_names=[OUTPUT], dynamic_shapes=shapes,
            )  # fmt: skip
    finally:
        logger.setLevel(level)
    _keep_scopes_only(path)
    return path


def _keep_scopes_only(path: Path) -> None:
    """Drop what torch.onnx notes at each node, but for its modules.

    The rest is large, has stack traces with the paths of this machine, and would be shipped.
    """
    import onnx

    model = onnx.load(path)
    noted = (model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output,
             *model.graph.value_info, *model.functions)  # fmt: skip
    for one in noted:
        kept = [entry for entry in one.metadata_props if entry.key == onnx_names.SCOPES]
        del one.metadata_props[:]
        one.metadata_props.extend(kept)
    onnx.save(model, path)


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
        scopes = next((p.value for p in node.metadata_props if p.key == onnx_names.SCOPES), "[]")
        if module in ast.literal_eval(scopes) or weights.intersection(node.input):
            names.append(node.name)
    return names
