"""ONNX in half precision: weights and computation."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgebench.core.errors import Unsupported, first_line
from edgebench.core.protocols import Exported, ExportTask


class OnnxFp16:
    """onnxruntime.transformers.float16; inputs and outputs stay float32."""

    name = "onnx-fp16"
    format = "onnx"
    summary = "ONNX in half precision, a file of half the size; on most CPUs slower than fp32"
    engine = ""
    devices = ("cpu", "cuda")
    calibrates = False
    packages = ("torch", "onnx", "onnxscript", "onnxruntime")
    needs = ("onnx", "onnxruntime")
    only_named = True
    choices: Mapping[str, tuple[str, ...]] = {}
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write one ONNX file; raises Unsupported where the converted graph is invalid."""
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16

        from edgebench.quantization.float_modules import float_modules

        from ._onnx_graph import nodes_within, shared_graph

        source, path = shared_graph(task), task.folder / "model.onnx"
        floats = {**float_modules(task.network), **task.floats}
        blocked = {node: reason for name, reason in floats.items() for node in nodes_within(source, name)}
        logging.getLogger("onnxruntime.transformers.float16").setLevel(logging.ERROR)
        try:
            model = convert_float_to_float16(onnx.load(source), keep_io_types=True, node_block_list=list(blocked))
            onnx.save(model, path)
            _require_valid(path)
        except Exception as error:  # onnx's and onnxruntime's exceptions have no common base
            raise Unsupported(f"half precision: {type(error).__name__}: {first_line(error)[:300]}") from error
        parts = tuple(f"{node}: {reason}" for node, reason in blocked.items())
        return Exported(path, "fp16", float_parts=parts)


def _require_valid(path: Path) -> None:
    """Load it as a device does."""
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


EXPORTER = OnnxFp16()
