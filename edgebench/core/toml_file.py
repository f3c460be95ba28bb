"""A TOML file of the user's, such as a plan: read whole, within a bound of its size."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from edgebench.core.errors import EdgeBenchError

SMALL_BYTES = 4 * 2**20


def require_small(path: Path) -> None:
    """Raise ValueError for what is no file, such as a pipe, and for one that is larger than what a person writes.

    A path with nothing there passes, for the caller's own error.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ValueError("not a regular file")
    if path.is_file() and path.stat().st_size > SMALL_BYTES:
        raise ValueError(f"larger than {SMALL_BYTES // 2**20} MiB")


def toml(text: str) -> dict[str, Any]:
    """The table of a TOML text; raises ValueError, which says what is wrong."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:  # Python reads no number of so many digits
        raise ValueError("a whole number has thousands of digits") from None


def table(path: Path, what: str, error: type[EdgeBenchError]) -> dict[str, Any]:
    """The table of a TOML file that is a `what`, such as a plan; raises `error`, with one line."""
    try:
        require_small(path)
    except ValueError as failure:
        raise error(f"{path}: not a {what}: {failure}") from None
    try:
        data = toml(path.read_text(encoding="utf-8"))
    except IsADirectoryError:
        raise error(f"{path}: a folder; a {what} is a TOML file") from None
    except OSError as failure:
        raise error(f"{path}: cannot read the {what} ({failure.strerror})") from None
    except UnicodeDecodeError:
        raise error(f"{path}: not a {what}: not a text file in UTF-8") from None
    except ValueError as failure:
        raise error(f"{path}: not valid TOML: {failure}") from None
    if not data:
        raise error(f"{path}: the {what} is empty; fill it, or omit it for the default")
    return data
