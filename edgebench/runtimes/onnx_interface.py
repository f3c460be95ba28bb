"""The inputs and outputs that an ONNX file declares, by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgebench.core.errors import MissingPackage
from edgebench.core.file_facts import FileFacts, Port
from edgebench.isolation.jobs import OUT_OF_MEMORY
from edgebench.runtimes import onnx_file, onnx_refusal


def facts(path: Path) -> FileFacts:
    """What a file says about itself; the graph is not optimised. Raises ArtifactError, MissingPackage, MemoryError."""
    found = onnx_file.require_whole(path)
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise MissingPackage("onnxruntime", "onnx", f"'{path}'") from None
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base of its own
        if OUT_OF_MEMORY.search(str(error)):
            raise MemoryError from None
        raise onnx_refusal.refusal(path, error) from None
    return FileFacts(found.precision(), _ports(session.get_inputs()), _ports(session.get_outputs()))


def _ports(arguments: Any) -> tuple[Port, ...]:
    return tuple(Port(one.name, tuple(one.shape), one.type) for one in arguments)
