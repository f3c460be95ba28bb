"""Shared code of the OpenVINO exporters: the ONNX graph as OpenVINO's model, and its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgebench.core.protocols import ExportTask

CHOICES = {"batch": ("batch-1", "any-batch")}
"""With `batch-1` all shapes are fixed, which OpenVINO plans memory and kernels for; `any-batch` allows `--batch`."""

RUNTIMES = {"runtime": ("onnxruntime", "openvino")}
"""Of the ONNX exporters: what runs the file."""


def runtime(task: ExportTask) -> dict[str, Any]:
    """What `Exported` says of the runtime that the options of an ONNX exporter ask for."""
    return {"format": "openvino", "fixed_batch": 1} if task.options.get("runtime") == "openvino" else {}


def batch_of(task: ExportTask) -> int:
    """The only batch size that the options ask for; 0 for any."""
    return 0 if task.options.get("batch") == "any-batch" else 1


def model_of(task: ExportTask) -> Any:
    """The network as OpenVINO's model; raises ModelError where the graph is another network than the task's."""
    import openvino
    import torch

    from ._input_names import names
    from ._onnx_graph import shared_graph
    from ._same_network import require_same

    core = openvino.Core()
    model = core.read_model(str(shared_graph(task)))
    if "openvino reads it" not in task.shared:
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

        def run(*records: torch.Tensor) -> torch.Tensor:
            given = {name: one.numpy() for name, one in zip(names(task), records, strict=True)}
            return torch.from_numpy(compiled(given)[0].copy())

        require_same(task, run, "the graph that OpenVINO reads")
        task.shared["openvino reads it"] = True
    if size := batch_of(task):
        model.reshape({port.any_name: [size, *list(port.partial_shape)[1:]] for port in model.inputs})
    return model


def save(model: Any, task: ExportTask) -> Path:
    """Write model.xml and model.bin; returns the first."""
    import openvino

    path = task.folder / "model.xml"
    openvino.save_model(model, str(path), compress_to_fp16=False)
    return path


def weights_of(model: Any) -> Iterator[tuple[str, Any]]:
    """Each product by its name, with the constant that holds its weights."""
    from edgebench.runtimes.openvino_layers import PRODUCTS

    for node in model.get_ordered_ops():
        if node.get_type_name() in PRODUCTS:
            source = node.input_value(1).get_node()
            while source.get_type_name() in ("Convert", "Multiply", "Subtract"):
                source = source.input_value(0).get_node()
            if source.get_type_name() == "Constant":
                yield str(node.friendly_name), source
