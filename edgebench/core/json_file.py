"""A JSON file of the user's or another machine's: read whole, within bounds of size and depth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MOST_BYTES = 4 * 2**20
MOST_DEPTH = 64
"""Levels of lists and tables: any reader of the result may recurse."""


def read(path: Path) -> Any:
    """The content of a file; raises ValueError, whose text says in a few words what is wrong with it."""
    try:
        if not path.is_file():
            raise ValueError("not a regular file" if path.exists() else "no such file")
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(raw) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES // 2**20} MiB")
    return parsed(raw)


def parsed(raw: bytes) -> Any:
    """The value of a JSON text; raises ValueError, as `read` does."""
    value = of_any_text(raw)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a character") from None
    return value


def of_any_text(raw: bytes | str) -> Any:
    """The value of a JSON text, whose texts may hold halves of characters, as names of files do; raises ValueError."""
    try:
        value = json.loads(raw.decode("utf-8") if isinstance(raw, bytes) else raw)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:  # not JSON, or not even text
        raise ValueError("not JSON") from None
    _require_shallow(value)
    return value


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _parts(whole: Any) -> list[Any]:
    parts = list(whole.values()) if isinstance(whole, dict) else whole if isinstance(whole, list) else []
    return [part for part in parts if isinstance(part, dict | list)]
