"""Records from JSON with every field's type checked, by the standard library: for a device that has no pydantic.

It knows the types that EdgeBench's records have, and is as strict: an unknown field, a missing one and a value of
another type are errors, in the same words.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from edgebench.core import validation
from edgebench.core.validation import InvalidValue, inside

R = TypeVar("R")


def build(kind: type[R], data: Any) -> R:
    """The record; raises InvalidValue with `field: what is wrong`, as far inside as it is."""
    return typing.cast(R, _record(kind, data, ""))


def _record(kind: Any, data: Any, place: str) -> Any:
    if not isinstance(data, Mapping):
        raise InvalidValue(validation.expected(place, validation.TABLE, data))
    known = {field.name: field for field in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    for name, field in known.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in data:
            raise InvalidValue(validation.missing(inside(place, name)))
    for name in data:
        if name not in known:
            raise InvalidValue(validation.unknown(place, str(name), known))
    return kind(**{name: _value(hints[name], value, inside(place, name)) for name, value in data.items()})


def _value(hint: Any, value: Any, place: str) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return _value(next(h for h in inner if h is not type(None)), value, place)
    if origin is typing.Literal:
        if value not in inner:
            raise InvalidValue(validation.not_among(place, inner, value))
        return value
    if dataclasses.is_dataclass(hint):
        return _record(hint, value, place)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise InvalidValue(validation.expected(place, validation.LIST, value))
        return tuple(_value(inner[0], one, inside(place, str(i))) for i, one in enumerate(value))
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise InvalidValue(validation.expected(place, validation.TABLE, value))
        return {_value(inner[0], k, place): _value(inner[1], v, inside(place, str(k))) for k, v in value.items()}
    return _plain(hint, value, place)


def _plain(hint: Any, value: Any, place: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint in (int, float) and isinstance(value, float) and not math.isfinite(value):
        raise InvalidValue(validation.expected(place, "a finite number", value))
    if hint is float and number:
        try:
            return float(value)
        except OverflowError:  # pydantic says the same of a whole number beyond all floats
            raise InvalidValue(validation.expected(place, validation.KINDS["float"], value)) from None
    if hint is int and isinstance(value, float) and value == int(value):
        return int(value)
    if hint is Path and isinstance(value, str | Path):
        return Path(value)
    if type(value) is not hint:
        raise InvalidValue(validation.expected(place, validation.KINDS[hint.__name__], value))
    return value
