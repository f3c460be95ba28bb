"""What the JSON files of a run's folder may hold: each field of the right kind, so that who shows it need not ask.

A folder may come from another machine, another version or another program. Standard library only.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from edgebench.core.errors import RunError
from edgebench.core.problems import LIST, TABLE, expected, inside
from edgebench.core.serialization import readable

MOST = 2**63 - 1
"""No size and no count is larger; what is cannot be computed with."""
SURROGATES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can spell and no file or terminal takes."""
Kind = tuple[str, Callable[[Any], bool]]
"""What a value must be in words, and whether one is."""


def parsed(text: str) -> Any:
    """The value of a JSON text; raises ValueError, for one that is nested too deeply as well."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def row(data: Any, where: str) -> Any:
    """A row of measurements with its texts readable; raises RunError for numbers that are too large.

    Names and reasons may come from other machines.
    """
    try:
        return _readable(data, where, "")
    except RecursionError:
        raise RunError(f"{where}: nested too deeply") from None


def _readable(value: Any, where: str, place: str) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, int) and abs(value) > MOST:
        raise RunError(f"{where}: {place}: must be a smaller number")
    if isinstance(value, dict):
        return {readable(name): _readable(one, where, inside(place, readable(name))) for name, one in value.items()}
    return value


def check_plan(plan: Mapping[str, Any], where: str) -> None:
    """Raise RunError, with the file and the field, where a saved plan is not one."""
    _check(plan, PLAN, where)


def check_environment(environment: Mapping[str, Any], where: str) -> None:
    """Raise RunError, with the file and the field, where a description of a machine is not one."""
    _check(environment, ENVIRONMENT, where)


def _check(data: Mapping[str, Any], kinds: Mapping[str, Kind], where: str) -> None:
    for name, (words, fits) in kinds.items():
        if name in data and not fits(data[name]):
            raise RunError(f"{where}: {expected(name, words, data[name])}; the folder is damaged, or another program's")


def _is_path(value: Any) -> bool:
    return isinstance(value, str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not SURROGATES.search(value)


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and abs(value) <= MOST and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


def _list(fits: Callable[[Any], bool]) -> Kind:
    return f"{LIST} of texts", lambda value: isinstance(value, list) and all(map(fits, value))


def _table(words: str, fits: Callable[[Any], bool]) -> Kind:
    def is_one(value: Any) -> bool:
        return isinstance(value, dict) and all(_is_text(key) and fits(one) for key, one in value.items())

    return words, is_one


def _maybe(kind: Kind) -> Kind:
    return kind[0], lambda value: value is None or kind[1](value)


NAMES, NUMBER = _list(_is_text), ("a number", _is_number)
PLAN: Mapping[str, Kind] = {
    **dict.fromkeys(("models", "variants", "exporters", "targets"), NAMES),
    "artifacts": _list(_is_path),  # a file of any name can be measured
    "measuring": _table(TABLE, lambda value: True),
}
"""Fields of a saved plan that are read without a resume, which reads them all."""
ENVIRONMENT: Mapping[str, Kind] = {
    **dict.fromkeys(("architecture", "cpu", "board", "system", "python", "fingerprint"), ("text", _is_text)),
    **dict.fromkeys(("governor", "emulator"), _maybe(("text", _is_text))),
    **dict.fromkeys(("cores", "threads"), ("a whole number", _is_whole)),
    **dict.fromkeys(("memory_bytes", "frequency_hz", "temperature_c", "load_average"), _maybe(NUMBER)),
    "virtual": ("true or false", lambda value: isinstance(value, bool)),
    **dict.fromkeys(("instruction_sets", "cuda"), NAMES),
    "packages": _table("a table of versions", _is_text),
    "target_threads": _table("a table of whole numbers", _is_whole),
}
"""Fields of environment.json, each with what it must be where it is there."""
