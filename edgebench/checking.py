"""Records from JSON with every field's type checked, by the standard library: for a device that has no pydantic.

It knows the types that EdgeBench's records have, and is as strict: an unknown field, a missing one and a value of
another type are errors.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

R = TypeVar("R")


def build(kind: type[R], data: Any) -> R:
    """The record; raises ValueError with `field: what is wrong`, as far inside as it is."""
    return typing.cast(R, _record(kind, data, ""))


def _record(kind: Any, data: Any, place: str) -> Any:
    if not isinstance(data, Mapping):
        raise ValueError(f"{place or 'the whole'}: Input should be a table")
    known = {field.name: field for field in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    for name, field in known.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in data:
            raise ValueError(f"{_inside(place, name)}: Field required")
    for name in data:
        if name not in known:
            raise ValueError(f"{_inside(place, str(name))}: Unexpected keyword argument")
    return kind(**{name: _value(hints[name], value, _inside(place, name)) for name, value in data.items()})


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
            raise ValueError(f"{place}: Input should be one of {', '.join(map(repr, inner))}")
        return value
    if dataclasses.is_dataclass(hint):
        return _record(hint, value, place)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{place}: Input should be a list")
        return tuple(_value(inner[0], one, _inside(place, str(i))) for i, one in enumerate(value))
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError(f"{place}: Input should be a table")
        return {_value(inner[0], k, place): _value(inner[1], v, _inside(place, str(k))) for k, v in value.items()}
    return _plain(hint, value, place)


def _plain(hint: Any, value: Any, place: str) -> Any:
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"{place}: Input should be a finite number")
        return float(value)
    if hint is int and isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if hint is Path and isinstance(value, str | Path):
        return Path(value)
    if type(value) is not hint:
        raise ValueError(f"{place}: Input should be a {hint.__name__}, not {value!r:.40}")
    return value


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
