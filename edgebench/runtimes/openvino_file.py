"""What a file of OpenVINO holds: looked at without the library, and opened by it in a child."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from edgebench.core.errors import ArtifactError, MissingPackage, WrongFormat, first_line
from edgebench.core.file_facts import FileFacts, Port

HEAD_BYTES = 4096
TYPES = {"f32": "float", "f16": "float16", "f64": "double", "i64": "int64", "i32": "int32", "boolean": "bool"}
"""OpenVINO's types in ONNX's words."""


def is_network(path: Path) -> bool:
    """Whether an XML file begins as a network of OpenVINO does; raises OSError."""
    with path.open("rb") as stream:
        return b"<net " in stream.read(HEAD_BYTES)


def check(path: Path) -> None:
    """Raise ArtifactError where the weights are missing or lie elsewhere, WrongFormat for another file."""
    if path.suffix == ".onnx":
        from edgebench.runtimes import onnx_file

        onnx_file.require_whole(path)
        return
    try:
        right = is_network(path)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    if not right:
        raise WrongFormat(f"{path}: not a network of OpenVINO, or a damaged one")
    if not path.with_suffix(".bin").is_file():
        raise ArtifactError(f"{path}: its weights, {path.with_suffix('.bin').name}, are not beside it")


def model(path: Path) -> Any:
    """The file as OpenVINO's model; raises ArtifactError, MissingPackage."""
    check(path)
    try:
        import openvino
    except ModuleNotFoundError:
        raise MissingPackage("openvino", "openvino", f"'{path}'") from None
    try:
        return openvino.Core().read_model(str(path))
    except RuntimeError as error:
        raise ArtifactError(f"{path}: OpenVINO cannot read it: {first_line(error)[:200]}") from None


def facts(path: Path) -> FileFacts:
    """What a user's file says about itself; raises ArtifactError, MissingPackage."""
    found = model(path)
    return FileFacts(_precision(found), tuple(map(_port, found.inputs)), tuple(map(_port, found.outputs)))


def name_of(port: Any) -> str:
    """The name of an input or output; that of its node where it has none."""
    return str(port.any_name) if port.names else str(port.node.friendly_name)


def dimensions(port: Any) -> tuple[int | None, ...]:
    """The shape of an input or output; None for a free dimension."""
    return tuple(int(one.get_length()) if one.is_static else None for one in port.partial_shape)


def _port(port: Any) -> Port:
    kind = port.element_type.get_type_name()
    return Port(name_of(port), dimensions(port), f"tensor({TYPES.get(kind, kind)})")


def _precision(found: Any) -> str:
    """int8 where a weight is or activations are quantized, else fp16 or fp32 by what most weights are."""
    half = other = 0
    for node in found.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            return "int8"
        if node.get_type_name() == "Constant":
            size, kind = math.prod(map(int, node.output(0).shape)), node.get_element_type().get_type_name()
            if kind in ("i8", "u8") and size > 1:
                return "int8"
            half, other = (half + size, other) if kind == "f16" else (half, other + size)
    return "fp16" if half > other else "fp32"
