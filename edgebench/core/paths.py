"""Paths as callers give them: a str or any path. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

AnyPath = str | os.PathLike[str]


def paths(given: AnyPath | Iterable[AnyPath]) -> list[Path]:
    """One path or several as a list; a str is one path, not its letters."""
    return [Path(given)] if isinstance(given, str | os.PathLike) else [Path(one) for one in given]


def path_or_none(given: AnyPath | None) -> Path | None:
    """The path; None stays None."""
    return None if given is None else Path(given)
