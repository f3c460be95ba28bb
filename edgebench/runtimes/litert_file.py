"""A file of LiteRT: checked, opened, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core.errors import ArtifactError, MissingPackage, first_line
from edgebench.core.file_facts import FileFacts, Port
from edgebench.runtimes import on_cpu

MARK = b"TFL3"
TYPES = {"float32": "float", "float64": "double"}
"""NumPy's types in ONNX's words, where these differ."""
INT8 = ("int8", "uint8", "int16")


def check(path: Path) -> None:
    """Raise ArtifactError where a file is none of LiteRT's."""
    on_cpu.require_mark(path, MARK, "file of LiteRT")


def interpreter(path: Path, **options: Any) -> Any:
    """The file in an interpreter, ready to be called; raises ArtifactError."""
    check(path)
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError:
        raise MissingPackage("ai_edge_litert", "litert", f"'{path}'") from None
    try:
        found = Interpreter(str(path), **options)
        found.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ArtifactError(f"{path}: LiteRT cannot load it: {first_line(error)[:200]}") from None
    return found


def facts(path: Path) -> FileFacts:
    """What a user's file says about itself; raises ArtifactError, MissingPackage.

    An integer input or output with a scale counts as float: the session quantizes and dequantizes by that scale.
    """
    found = interpreter(path)
    inputs, outputs = found.get_input_details(), found.get_output_details()
    return FileFacts(_precision(found), tuple(map(_port, inputs)), tuple(map(_port, outputs)))


def shape(port: Mapping[str, Any]) -> tuple[int | None, ...]:
    """The shape of an input or output; None for a free dimension."""
    return tuple(None if size < 0 else int(size) for size in port["shape_signature"])


def quantized(port: Mapping[str, Any]) -> bool:
    """Whether an input or output is of integers that stand for real numbers."""
    return np.dtype(port["dtype"]).name in INT8


def _port(port: Mapping[str, Any]) -> Port:
    name = np.dtype(port["dtype"]).name
    return Port(str(port["name"]), shape(port), f"tensor({'float' if quantized(port) else TYPES.get(name, name)})")


def _precision(found: Any) -> str:
    """int8 where an operator answers int8, int8-dynamic where only weights are, fp16 where most weights are."""
    answered = {int(number) for one in found._get_ops_details() for number in one["outputs"]}
    sizes = dict.fromkeys(("float32", "float16", *INT8), 0)
    for tensor in found.get_tensor_details():
        name, size = np.dtype(tensor["dtype"]).name, int(np.prod(tensor["shape"]))
        scaled = bool(len(tensor["quantization_parameters"]["scales"]))
        if name in INT8 and scaled and tensor["index"] in answered:
            return "int8"
        if tensor["index"] not in answered and (scaled or name not in INT8):
            sizes[name] = sizes.get(name, 0) + size
    if any(sizes[name] for name in INT8):
        return "int8-dynamic"
    return "fp16" if sizes["float16"] > sizes["float32"] else "fp32"
