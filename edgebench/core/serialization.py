"""Records to JSON, and back where EdgeBench itself wrote it; and foreign text made safe to show.

Standard library only. Data from the user or another machine go through `validation`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import category

from edgebench.core.contracts import Outcome

R = TypeVar("R")
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of the text after them."""


def to_json(record: Any, indent: int | None = None) -> str:
    """One record as JSON, keys in the order of its fields. Not-a-number is refused: it is not JSON."""
    return json.dumps(to_dict(record), indent=indent, default=_plain, allow_nan=False, ensure_ascii=False)


def to_dict(record: Any) -> dict[str, Any]:
    """One record as a dict of JSON's own types."""
    plain: dict[str, Any] = dataclasses.asdict(record, dict_factory=_without_paths)
    return plain


def _without_paths(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in pairs}


def plain(value: Any) -> Any:
    """A value in JSON's own types: records as dicts, NumPy's numbers as Python's."""
    return json.loads(json.dumps(value, default=_record, allow_nan=False))


def _record(value: Any) -> Any:
    return (
        dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else _plain(value)
    )


def from_dict(kind: type[R], data: dict[str, Any]) -> R:
    """Build a record from JSON that EdgeBench itself wrote; nested records and tuples are rebuilt.

    Raises TypeError for a field that is missing or does not exist.
    """
    hints = _hints(typing.cast(Any, kind))
    return kind(**{name: _build(hints.get(name, Any), value) for name, value in data.items()})


def outcome_from(result: type[R], data: Mapping[str, Any]) -> Outcome[R]:
    """The outcome of a job whose result is such a record, as EdgeBench wrote it; raises TypeError, KeyError.

    Journals of earlier versions call the result `values`.
    """
    found = data.get("result", data.get("values"))
    made = from_dict(result, found) if data["status"] == "ok" and found is not None else None
    return Outcome(data["status"], data.get("reason", ""), made)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a record's fields; those of NumPy, which are never in JSON, are stand-ins."""
    return typing.get_type_hints(kind, None, {"NDArray": list, "np": types.SimpleNamespace(uint8=0, int64=0)})


def readable(text: str) -> str:
    """Foreign text without characters that act on a terminal or a file; each of them becomes `\\ufffd`.

    These are control characters (category Cc: ESC, BEL, C1), those that turn the direction of text (`TURNING`), and
    those that UTF-8 cannot encode (Cs: lone surrogates, as in names of files that are not UTF-8). White space of all
    kinds, ends of lines too, becomes a space. Markup of rich, Markdown and HTML is text here and stays.
    """
    return "".join(" " if c.isspace() else "\ufffd" if c in TURNING or category(c) in ("Cc", "Cs") else c for c in text)


def all_readable(value: Any) -> Any:
    """JSON's own types with every text in them `readable`, names of fields too."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {all_readable(name): all_readable(part) for name, part in value.items()}
    return [all_readable(part) for part in value] if isinstance(value, list) else value


def _build(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    options = [h for h in typing.get_args(hint) if h is not type(None)] if _optional(hint) else [hint]
    hint = options[0]
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return from_dict(typing.cast(type, hint), value)
    if hint is Path:
        return Path(value)
    if typing.get_origin(hint) in (dict, Mapping) and isinstance(value, dict):
        inner = typing.get_args(hint)[1]
        return {name: _build(inner, one) for name, one in value.items()}
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(_build(inner, one) for one in value) if dataclasses.is_dataclass(inner) else tuple(value)
    return value


def _optional(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")
