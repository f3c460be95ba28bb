"""What ONNX Runtime says about a file that it cannot load, as one line that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

from edgebench.core.errors import ArtifactError, first_line

SAID = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (?:/\S+:\d+ .*?\) (?=[A-Z]))?")
"""What stands before each of onnxruntime's messages: numbers, and a place in its C++ code."""


def refusal(path: Path, error: Exception) -> ArtifactError:
    """The error of onnxruntime about a file as one line that says what to do."""
    import onnxruntime

    ours = f"onnxruntime {onnxruntime.__version__}"
    reason = first_line(error)
    if "INVALID_PROTOBUF" in reason or "No graph was found" in reason:
        return ArtifactError(f"{path}: not an ONNX file, or a damaged one")
    if ir := re.search(r"model IR version: (\d+), max supported IR version: (\d+)", reason):
        return ArtifactError(
            f"{path}: needs ONNX's IR version {ir[1]}, {ours} reads up to {ir[2]}: "
            "export it again, or update onnxruntime"
        )
    if opset := re.search(r"Opset (\d+) is under development.* for domain (\S+) is till opset (\d+)", reason):
        return ArtifactError(
            f"{path}: needs opset {opset[1]} of {opset[2]}, {ours} reads up to {opset[3]}: "
            f"export it again with opset_version={opset[3]}, or update onnxruntime"
        )
    if unknown := re.search(r"([\w.]+):(\w+)\(-?\d+\) is not a registered", reason):
        return ArtifactError(f"{path}: needs the operator {unknown[2]} of the domain {unknown[1]}, which {ours} lacks")
    return ArtifactError(f"{path}: {ours} cannot load it: {SAID.sub('', reason)[:300]}")
