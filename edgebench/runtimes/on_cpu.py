"""What runtimes that compute on the CPU alone have in common: where they run, and the mark of their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from edgebench.core import installing
from edgebench.core.errors import ArtifactError


class Needs(Protocol):
    """What a runtime says of its packages."""

    @property
    def modules(self) -> Sequence[str]:
        """What is imported."""

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs."""

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""


def not_here(device: str) -> str:
    """Why the runtime does not run on a device; empty for the CPU."""
    return "" if device == "cpu" else "runs on cpu only"


def unavailable(runtime: Needs, device: str, engine: str) -> str:
    """Why this machine cannot run it; a package that was built here runs where there are no wheels of it."""
    machine = installing.architecture()
    impossible = runtime.supports(device, engine, machine)
    return installing.missing(runtime.modules, runtime.requirements(machine), impossible) or not_here(device)


def require_mark(path: Path, mark: bytes, what: str) -> None:
    """Raise ArtifactError where bytes 4 to 7 of a file, FlatBuffers' file identifier, are not the mark."""
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    if head[4:] != mark:
        raise ArtifactError(f"{path}: not a {what}, or a damaged one")
