"""A file of LiteRT, checked and opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgebench.core.errors import ArtifactError, first_line
from edgebench.runtimes import on_cpu

MARK = b"TFL3"


def check(path: Path) -> None:
    """Raise ArtifactError where a file is none of LiteRT's."""
    on_cpu.require_mark(path, MARK, "file of LiteRT")


def interpreter(path: Path, **options: Any) -> Any:
    """The file in an interpreter, ready to be called; raises ArtifactError."""
    from ai_edge_litert.interpreter import Interpreter

    check(path)
    try:
        found = Interpreter(str(path), **options)
        found.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ArtifactError(f"{path}: LiteRT cannot load it: {first_line(error)[:200]}") from None
    return found
