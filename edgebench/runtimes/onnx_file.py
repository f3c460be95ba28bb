"""What an ONNX file holds, read from its bytes: no library and no session, and its weights are not read.

A library that opens a file optimises it, which may take minutes, and reads weights from other files beside it. Here the
protobuf is only walked through.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edgebench.core.errors import ArtifactError, WrongFormat

MOST_FIELDS = 5_000_000
"""Fields of the protobuf; a network with ten thousand nodes has some hundred thousand."""
MOST_DEPTH = 100
"""Levels of messages within messages, as protobuf's own reader has it."""
MOST_TEXT = 4096
"""Bytes of a name."""
MOST_ELEMENTS = 2**62
FLOAT16, EXTERNAL = 10, 1
PARTS = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external"},
}
"""The messages in which operators or tensors may lie, by the number of the field."""


class NotOnnx(WrongFormat):
    """A file that is not an ONNX file, or a damaged one."""


class Damaged(ValueError):  # noqa: N818
    """The bytes are not an ONNX file."""


@dataclass
class OnnxFile:
    """The content of a file, that of subgraphs and functions included."""

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    """Version by domain; the empty one is ONNX's own."""
    operators: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    """The number of tensors whose values lie in another file."""
    locations: list[str] = field(default_factory=list)
    """The names of other files."""
    half: int = 0
    """Values in tensors of half precision."""
    other: int = 0
    """Values in all other tensors."""

    def precision(self) -> str:
        """int8-dynamic, int8, fp16 or fp32, by the operators and by what most weights are."""
        if any(part in name for name in self.operators for part in ("DynamicQuantize", "MatMulInteger")):
            return "int8-dynamic"
        if any(name == "QuantizeLinear" or name.startswith("QLinear") for name in self.operators):
            return "int8"
        return "fp16" if self.half > self.other else "fp32"


def read(path: Path) -> OnnxFile:
    """Walk through a file; raises NotOnnx, or ArtifactError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            if not path.stat().st_size:
                raise Damaged
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _walk(data)
    except (Damaged, UnicodeDecodeError):
        raise NotOnnx(f"{path}: not an ONNX file, or a damaged one") from None
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None


def require_whole(path: Path) -> OnnxFile:
    """The content of a file; raises ArtifactError where weights lie in another file: nobody measures or hashes that."""
    found = read(path)
    if found.outside:
        named = f" ({found.locations[0][:80]})" if found.locations else ""
        raise ArtifactError(
            f"{path}: keeps weights in another file{named}, which would be neither hashed nor measured; "
            f"merge them: python -c \"import onnx; onnx.save_model(onnx.load({str(path)!r}), 'whole.onnx', "
            'save_as_external_data=False)"'
        )
    return found


def _walk(data: mmap.mmap) -> OnnxFile:
    found, left = OnnxFile(), [("model", 0, len(data), 0)]
    budget = MOST_FIELDS
    while left:
        kind, start, end, depth = left.pop()
        parts = PARTS.get(kind, {})
        if depth > MOST_DEPTH:
            raise Damaged
        values: dict[int, int | bytes] = {}
        elements = 1
        for number, value, after in fields(data, start, end):
            budget -= 1
            if budget < 0:
                raise Damaged
            if after is None:
                values[number] = value
                if kind == "tensor" and number == 1:  # a dimension
                    elements = min(elements * value, MOST_ELEMENTS)
            elif number in parts:
                left.append((parts[number], value, after, depth + 1))
            elif after - value <= MOST_TEXT:
                values[number] = data[value:after]
        _keep(found, kind, values, elements)
    return found


def _keep(found: OnnxFile, kind: str, values: dict[int, int | bytes], elements: int) -> None:
    """Note what one message says."""
    match kind:
        case "model":
            found.ir_version = _number(values, 1)
        case "opset":
            found.opsets[text(values, 1)] = _number(values, 2)
        case "node":
            found.operators[text(values, 4)] += 1
        case "tensor":
            found.outside += _number(values, 14) == EXTERNAL
            if _number(values, 2) == FLOAT16:
                found.half += elements
            else:
                found.other += elements
        case "external":
            if text(values, 1) == "location":
                found.locations.append(text(values, 2))


def _number(values: dict[int, int | bytes], number: int) -> int:
    value = values.get(number, 0)
    if not isinstance(value, int):
        raise Damaged
    return value


def text(values: dict[int, int | bytes], number: int) -> str:
    """The text in a field of a message; raises Damaged."""
    value = values.get(number, b"")
    if not isinstance(value, bytes):
        raise Damaged
    return value.decode()


def fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """(number, value, None) of the numbers in a message, and (number, start, end) of what has a length."""
    while at < end:
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        if not number:
            raise Damaged
        if wire == 0:
            value, at = _varint(data, at, end)
            yield number, value, None
        elif wire == 2:
            size, at = _varint(data, at, end)
            if size > end - at:
                raise Damaged
            yield number, at, at + size
            at += size
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
            if at > end:
                raise Damaged
        else:
            raise Damaged


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise Damaged
