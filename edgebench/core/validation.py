"""Records from data of the user or another machine, with every field checked against its type.

msgspec converts; it is what both sides use, since a device needs no more than its wheel of 0.2 MB. Two things are added
here: a key that a record does not have is an error, and so is a number that is not finite.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edgebench.core import problems
from edgebench.core.errors import EdgeBenchError
from edgebench.core.problems import InvalidValue, Problem, inside

R = TypeVar("R")
KINDS = {
    "int": problems.KINDS["int"], "float": problems.KINDS["float"], "bool": problems.KINDS["bool"],
    "str": problems.KINDS["str"], "array": problems.LIST, "object": problems.TABLE,
}  # fmt: skip
"""What msgspec calls a type, in the words of `problems`."""
EXPECTED = re.compile(r"Expected `(\w+)[^`]*`, got ")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
"""One step of msgspec's path: a field, an index, or some key of a mapping."""


def validated(kind: type[R], data: Any, where: str, error: type[EdgeBenchError]) -> R:
    """Build a record of a dataclass; raises `error` with one line that names `where` and the first wrong field."""
    try:
        return build(kind, data)
    except InvalidValue as failure:
        raise error(f"{where}: {failure}") from None


def build(kind: type[R], data: Any) -> R:
    """Build a record of a dataclass from JSON's or TOML's own types; raises InvalidValue for the first wrong field."""
    import msgspec  # a worker never needs it

    try:
        data = _checked(kind, data, "")
        return msgspec.convert(data, kind, dec_hook=_path)
    except msgspec.ValidationError as failure:
        raise InvalidValue(_problem(kind, data, failure)) from None
    except RecursionError:
        raise InvalidValue(Problem("", "nested too deeply")) from None
    except UnicodeEncodeError:  # msgspec's line would hold it
        raise InvalidValue(Problem("", "has text with half a character (a lone surrogate)")) from None


def _path(kind: Any, value: Any) -> Any:
    """Build a type that msgspec does not support by itself."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise InvalidValue(problems.expected("", problems.KINDS["Path"], value))


def _checked(declared: Any, data: Any, place: str) -> Any:
    """The data, with whole numbers as int where they are declared so (JSON of other programs has 3.0 for 3).

    Raises InvalidValue for a key that a record does not have, and for a number that is not finite.
    """
    kind: Any = _without_none(declared)
    if isinstance(data, float):
        if not math.isfinite(data):
            raise InvalidValue(problems.expected(place, "a finite number", data))
        return int(data) if kind is int and data.is_integer() else data
    if dataclasses.is_dataclass(kind) and isinstance(data, Mapping):
        hints = _hints(typing.cast(Any, kind))
        for name in data:
            if name not in hints:
                raise InvalidValue(problems.unknown(place, str(name), hints))
        return {name: _checked(hints[name], value, inside(place, name)) for name, value in data.items()}
    if isinstance(data, Mapping):
        inner = _inner(kind, -1)
        return {name: _checked(inner, value, inside(place, str(name))) for name, value in data.items()}
    if isinstance(data, list | tuple):
        inner = _inner(kind, 0)
        return [_checked(inner, value, inside(place, str(number))) for number, value in enumerate(data)]
    return data


def _problem(kind: Any, data: Any, failure: Exception) -> Problem:
    """The failure of a conversion in the words of `problems`."""
    text, _, path = str(failure).partition(" - at `$")
    place, there, value = _found(kind, data, path)
    if isinstance(cause := failure.__cause__, InvalidValue):  # of a record's own check, or of `_path`
        inner = cause.problem.place
        return dataclasses.replace(cause.problem, place=inside(place, inner) if inner else place)
    if field := re.fullmatch(r"Object missing required field `(\w+)`", text):
        return problems.missing(inside(place, field[1]))
    if text.startswith("Invalid enum value"):
        return problems.not_among(place, typing.get_args(_without_none(there)), value)
    if (expected := EXPECTED.match(text)) and expected[1] in KINDS:
        return problems.expected(place, KINDS[expected[1]], value)
    if text == "Number out of range":
        return problems.expected(place, KINDS["float"], value)
    return Problem(place, text[:1].lower() + text[1:])


def _found(kind: Any, data: Any, path: str) -> tuple[str, Any, Any]:
    """The place of a msgspec path as people write it, the type there, and the value; the value of a key is its own."""
    place, there, value = "", kind, data
    for step in STEP.finditer(path):
        field, index = step.groups()
        there = _without_none(there)
        if field:
            there, value = _hints(there)[field], value[field]
            place = inside(place, field)
        elif index:
            there, value = _inner(there, 0), value[int(index)]
            place = inside(place, index)
        else:
            there = _inner(there, -1)
            key = next((k for k, v in value.items() if not _fits(there, v)), "")
            value = value.get(key, value)
            place = inside(place, str(key)) if key else place
    return place, there, value


def _fits(kind: Any, value: Any) -> bool:
    import msgspec

    try:
        msgspec.convert(value, kind, dec_hook=_path)
    except msgspec.ValidationError:
        return False
    return True


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a record's fields."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _inner(kind: Any, position: int) -> Any:
    """The type of a collection's entries: the first of a list's or tuple's, the last of a mapping's."""
    inner: Sequence[Any] = [one for one in typing.get_args(kind) if one is not Ellipsis]
    return inner[position] if inner else Any


def _without_none(kind: Any) -> Any:
    """A type without `| None`; of several others the one that has parts."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        several = [one for one in typing.get_args(kind) if one is not type(None)]
        return next((one for one in several if typing.get_args(one) or dataclasses.is_dataclass(one)), several[0])
    return kind
