"""What a pickle refers to, read without running anything in it."""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

MOST_BYTES = 256 * 2**20
"""Of an unpacked pickle; a zip archive of a few bytes may unpack to any size."""

PICKLES = 4
"""In a file of torch.save's old format: a number, a version, the system, and the weights."""
LONGEST_NAME = 1000


class AbsurdName(ValueError):  # noqa: N818
    """A pickle refers to an object by a name that none has."""


def in_archive(path: Path) -> bytes:
    """The pickle in a file of torch.save; raises ValueError, or zipfile's own errors."""
    with zipfile.ZipFile(path) as archive:
        entry = next((e for e in archive.infolist() if e.filename.endswith("/data.pkl")), None)
        if entry is None or entry.file_size > MOST_BYTES:
            raise ValueError("no pickle in it")
        with archive.open(entry) as stream:
            return stream.read(entry.file_size)


def require_names(path: Path) -> None:
    """Raise AbsurdName where a file of torch.save refers to an absurd name, over which torch would sit for long."""
    try:
        if zipfile.is_zipfile(path):
            _require_names(io.BytesIO(in_archive(path)))
            return
        with path.open("rb") as stream:
            for _ in range(PICKLES):
                _require_names(stream)
    except AbsurdName:
        raise
    except Exception:  # damaged: torch says how
        return


def _require_names(stream: IO[bytes]) -> None:
    try:
        for code, argument, _ in pickletools.genops(stream):
            if code.name == "GLOBAL" and len(str(argument)) > LONGEST_NAME:
                raise AbsurdName(f"refers to a name of {len(str(argument))} characters")
    except ValueError as error:
        if "no newline" in str(error):
            raise AbsurdName("ends within a name") from None
        raise


def named(content: bytes) -> list[str]:
    """`module name` of each object that a pickle refers to; raises ValueError where it is none."""
    found, texts = [], ["", ""]
    for code, argument, _ in pickletools.genops(content):
        if code.name == "GLOBAL":
            found.append(str(argument))
        elif code.name == "STACK_GLOBAL":
            found.append(" ".join(texts))
        elif isinstance(argument, str):
            texts = [texts[-1], argument]
    return found


def key_of(content: bytes, name: str) -> str:
    """The key of a pickled dict under which an object of `module.name` lies; empty where that is not known."""
    try:
        whole = _Harmless(io.BytesIO(content), name).load()
    except Exception:  # a damaged pickle raises anything
        return ""
    found = (str(key) for key, value in whole.items() if _holds(value)) if isinstance(whole, dict) else iter(())
    return next(found, "")


class _Stub:
    """Stands for any object: it takes what a pickle does with one, and keeps it."""

    parts: list[Any]

    def __new__(cls, *parts: Any, **_: Any) -> _Stub:
        """Keep what it is made of."""
        made = super().__new__(cls)
        made.parts = list(parts)
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        """All is done."""

    def __call__(self, *parts: Any) -> _Stub:
        return _Stub(self, *parts)

    def __setstate__(self, state: Any) -> None:
        self.parts.append(state)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.parts.append(value)

    def append(self, value: Any) -> None:
        self.parts.append(value)

    def extend(self, values: Any) -> None:
        self.parts.extend(values)


class _Sought(_Stub):
    """Stands for the object whose key is asked for."""


class _Harmless(pickle._Unpickler):
    """Reads a pickle with a stub in place of every object. Python's own: the one in C trusts sizes in the pickle."""

    def __init__(self, stream: io.BytesIO, name: str) -> None:
        super().__init__(stream)
        self._name = name

    def find_class(self, module: str, name: str) -> type:
        return _Sought if f"{module}.{name}" == self._name else _Stub

    def persistent_load(self, identity: Any) -> _Stub:
        return _Stub()


def _holds(value: Any) -> bool:
    return any(isinstance(one, _Sought) or one is _Sought for one in _inside(value))


def _inside(value: Any) -> Iterator[Any]:
    left, seen = [value], set()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            left += one
        elif isinstance(one, _Stub):
            left += one.parts
