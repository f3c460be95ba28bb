"""Python files of the user that may be run: only those that the user named."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from edgebench.core.errors import EdgeBenchError

TRUSTED = "EDGEBENCH_TRUSTED_CODE"
"""Environment variable: absolute paths of Python files that may be run, separated as in PATH."""


def split(spec: str, what: str, error: type[EdgeBenchError]) -> tuple[Path, str]:
    """The file and the name in it, of `path/to/file.py:NAME`; raises `error` where the file does not exist."""
    file, _, name = spec.rpartition(":")
    path = Path(file)
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there or not name.isidentifier():
        raise error(f"{spec[:200]}: no such file; a {what} is named path/to/file.py:NAME")
    return path, name


def trust(path: Path) -> None:
    """Allow this process and its children to run a Python file that the user named."""
    known = os.environ.get(TRUSTED, "").split(os.pathsep)
    os.environ[TRUSTED] = os.pathsep.join(dict.fromkeys([*filter(None, known), str(path.resolve())]))


def trust_named(name: str) -> None:
    """Allow the file of a dataset or task that the user named, where the name is `path/to/file.py:NAME`."""
    if ".py:" in name:
        trust(Path(name.rpartition(":")[0]))


def require_trust(path: Path, error: type[EdgeBenchError]) -> None:
    """Refuse a file that the user has not named: a file from elsewhere may name any."""
    if str(path.resolve()) not in os.environ.get(TRUSTED, "").split(os.pathsep):
        raise error(f"{path}: is Python code that another file asks for; if you trust it: {TRUSTED}={path.resolve()}")


def run(path: Path, error: type[EdgeBenchError]) -> ModuleType:
    """Run a trusted file as a module, which may import modules beside it; raises `error` with one line."""
    require_trust(path, error)
    spec = importlib.util.spec_from_file_location(f"_edgebench_own_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:  # and it stays there: the functions may import modules beside the file, too
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as failure:  # the user's code may raise anything
        raise error(f"{path}: {type(failure).__name__}: {' '.join(str(failure).split())[:200]}") from None
    return module
