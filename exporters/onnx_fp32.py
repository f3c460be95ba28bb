"""ONNX in float32."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from edgebench.core.protocols import Exported, ExportTask

from ._openvino import RUNTIMES, runtime


class Onnx:
    """torch.onnx with dynamo."""

    name = "onnx"
    format = "onnx"
    summary = "ONNX fp32 by torch.onnx (dynamo), dynamic batch"
    engine = ""
    devices = ("cpu", "cuda")
    calibrates = False
    packages = ("torch", "onnx", "onnxscript")
    choices: Mapping[str, tuple[str, ...]] = RUNTIMES
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write one ONNX file."""
        from ._onnx_graph import shared_graph

        return Exported(Path(shutil.copyfile(shared_graph(task), task.folder / "model.onnx")), "fp32", **runtime(task))


EXPORTER = Onnx()
