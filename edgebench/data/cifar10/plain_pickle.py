"""Reads pickles that hold plain data and NumPy arrays, and runs nothing that they name.

Python's unpickler calls what a file asks for. This one carries out only the opcodes of data; of all functions and
classes it knows five names, which only say that an array or bytes follow.
"""

from __future__ import annotations

import math
import pickletools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPCODES = 1_000_000
"""A published batch has about 20,000; one that Python 3 wrote again, 80,000."""
ENCODED_BYTES = 256 * 2**20
"""Bytes that all `encode` calls together may make; Python 3 writes bytes so in protocol 2."""
DTYPES = ("u1", "i4", "i8", "f4", "f8")
ARRAY, DTYPE, RECONSTRUCT, ENCODE, BYTES = "array", "dtype", "reconstruct", "encode", "bytes"
NAMES = {
    ("numpy", "ndarray"): ARRAY, ("numpy", "dtype"): DTYPE, ("_codecs", "encode"): ENCODE,
    ("__builtin__", "bytes"): BYTES, ("builtins", "bytes"): BYTES,
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT, ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
}  # fmt: skip


class NotPlain(ValueError):  # noqa: N818 - the name says what the pickle is
    """A pickle that is damaged, too large, or holds something else than plain data."""


@dataclass(frozen=True)
class _Name:
    """A name that the pickle calls."""

    meaning: str


@dataclass
class _Dtype:
    code: str


@dataclass
class _Array:
    """An array whose state has not come yet, or has."""

    values: NDArray[Any] | None = None


class _Mark:
    """Where a collection begins on the stack."""


def loads(content: bytes) -> Any:
    """The value of a pickle: dict, list, tuple, str, bytes, int, bool, None and arrays. Raises NotPlain."""
    machine = _Machine()
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if number > OPCODES:
                raise NotPlain("has too many parts")
            if opcode.name == "STOP":
                return _finished(machine.pop())
            machine.step(opcode.name, argument)
    except NotPlain:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError, AttributeError):
        # What pickletools raises for a cut or damaged file, and what a stack raises that does not fit.
        raise NotPlain("is damaged, or no pickle of plain data") from None
    raise NotPlain("is cut off")


def _finished(value: Any) -> Any:
    """The value with arrays in place of their stand-ins, at the top and in a top dict."""
    if isinstance(value, dict):
        return {name: one.values if isinstance(one, _Array) else one for name, one in value.items()}
    return value.values if isinstance(value, _Array) else value


class _Machine:
    """The stack of a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.encoded = 0

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _Mark:
            raise NotPlain("is damaged, or no pickle of plain data")
        return value

    def step(self, name: str, argument: Any) -> None:
        """Carry out one opcode; raises NotPlain for one that is not of plain data."""
        if name in ("PROTO", "FRAME"):
            return
        if name in ("BINSTRING", "SHORT_BINSTRING", "STRING"):  # Python 2's str
            self.stack.append(argument.encode("latin-1"))
        elif name in _PUSHED:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memo[argument])
        else:
            self._combine(name, argument)

    def _combine(self, name: str, argument: Any) -> None:
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            parts = [self.pop() for _ in range(int(name[-1]))]
            self.stack.append(tuple(reversed(parts)))
        elif name == "TUPLE":
            self.stack.append(tuple(self._to_mark()))
        elif name == "LIST":
            self.stack.append(self._to_mark())
        elif name == "DICT":
            items = self._to_mark()
            self.stack.append({})
            self._set(items)
        elif name in ("APPEND", "APPENDS"):
            items = [self.pop()] if name == "APPEND" else self._to_mark()
            _typed(self.stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            self._set([self.pop(), self.pop()][::-1] if name == "SETITEM" else self._to_mark())
        elif name == "GLOBAL":
            self._name(*argument.split(" ", 1))
        elif name == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            self._name(module, attribute)
        elif name == "REDUCE":
            arguments, called = self.pop(), self.pop()
            self.stack.append(self._call(_typed(called, _Name).meaning, _typed(arguments, tuple)))
        elif name == "BUILD":
            state = self.pop()
            _set_state(self.stack[-1], _typed(state, tuple))
        else:
            raise NotPlain(f"holds more than plain data ({name})")

    def _to_mark(self) -> list[Any]:
        """What lies above the last mark, which goes, too."""
        at = len(self.stack) - 1
        while self.stack[at] is not _Mark:
            at -= 1
            if at < 0:
                raise NotPlain("is damaged, or no pickle of plain data")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def _set(self, items: list[Any]) -> None:
        table = _typed(self.stack[-1], dict)
        for name, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(name, str | bytes):  # hashing a deep tuple would exhaust the stack
                raise NotPlain("has a key that is no text")
            table[name] = value

    def _name(self, module: str, attribute: str) -> None:
        if (module, attribute) not in NAMES:
            raise NotPlain(f"refused, because reading it would run code that it names ({module}.{attribute})"[:200])
        self.stack.append(_Name(NAMES[module, attribute]))

    def _call(self, meaning: str, arguments: tuple[Any, ...]) -> Any:
        if meaning == RECONSTRUCT:
            return _Array()
        if meaning == DTYPE:
            if arguments[0] not in (*DTYPES, *(code.encode() for code in DTYPES)):
                raise NotPlain("has an array of another type than numbers")
            return _Dtype(arguments[0] if isinstance(arguments[0], str) else arguments[0].decode())
        if meaning == BYTES and not arguments:  # Python 3's empty bytes
            return b""
        if meaning == ENCODE:
            text = _typed(arguments[0], str)
            self.encoded += len(text) + 64
            if arguments[1:] not in (("latin1",), ("latin-1",)) or self.encoded > ENCODED_BYTES:
                raise NotPlain("is too large, or encodes text in another way than latin1")
            return text.encode("latin-1")
        raise NotPlain("makes an array in another way than NumPy does")


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise NotPlain("is damaged, or no pickle of plain data")
    return value


def _set_state(target: Any, state: tuple[Any, ...]) -> None:
    """What NumPy's __setstate__ does for an array or a type of numbers."""
    if isinstance(target, _Dtype):
        order = state[1].decode() if isinstance(state[1], bytes) else state[1]
        if order not in ("<", "|", "=", ">"):
            raise NotPlain("has an array of another type than numbers")
        target.code = order + target.code
        return
    if not isinstance(target, _Array) or target.values is not None:
        raise NotPlain("is damaged, or no pickle of plain data")
    _, shape, dtype, fortran, raw = state
    kind = np.dtype(_typed(dtype, _Dtype).code)
    sizes = [int(_typed(n, int)) for n in _typed(shape, tuple)]
    if len(sizes) > 4 or min(sizes, default=0) < 0 or math.prod(sizes) * kind.itemsize != len(_typed(raw, bytes)):
        raise NotPlain("has an array whose shape does not fit its bytes")
    target.values = np.frombuffer(raw, kind).reshape(sizes, order="F" if fortran else "C")


_PUSHED = frozenset(
    ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
     "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
)  # fmt: skip
_CONSTANTS: dict[str, Any] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_DICT": dict, "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple, "MARK": lambda: _Mark,
}  # fmt: skip
