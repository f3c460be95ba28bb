"""Paths as callers give them, a str or any path, and the folder of a new run. Standard library only."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from pathlib import Path

from edgebench.core.errors import EdgeBenchError

AnyPath = str | os.PathLike[str]


def paths(given: AnyPath | Iterable[AnyPath]) -> list[Path]:
    """One path or several as a list; a str is one path, not its letters."""
    return [Path(given)] if isinstance(given, str | os.PathLike) else [Path(one) for one in given]


def path_or_none(given: AnyPath | None) -> Path | None:
    """The path; None stays None."""
    return None if given is None else Path(given)


def new_folder() -> Path:
    """A folder for a new run, named by the time."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    for number in range(100):
        folder = Path("results") / (stamp if not number else f"{stamp}-{number}")
        if not folder.exists():
            return folder
    raise EdgeBenchError(f"results/{stamp}: taken; give --output")
