"""What client and workers of a fleet say to each other: JSON, checked against these records before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from edgebench.core.errors import RemoteError
from edgebench.core.json_file import parsed
from edgebench.core.problems import InvalidValue, Problem
from edgebench.core.serialization import to_json
from edgebench.core.validation import validated
from edgebench.remote.bundles.layout import Entry
from edgebench.remote.messages import shown

BUILD, DEVICE = "build", "device:"
"""Resources of Dask's workers: what builds, and, with a target's name behind it, what measures."""
PIECE = 4 * 2**20
"""Bytes of contents that travel at once."""
A = TypeVar("A")


@dataclass(frozen=True)
class Request:
    """A task: the files that it needs, and what to do with them."""

    do: Literal["measure", "build", "look"]
    topic: str
    """Under which events go back."""
    task: str
    """Its name in these events."""
    session: str = ""
    """The folder of its work: done again on the same machine, it goes on with what is there."""
    edgebench: str = ""
    """Version of the client."""
    files: Mapping[str, Entry] = field(default_factory=dict)
    """Contents by their name in the folder."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """What the kind of work needs further."""
    patience_s: float = 3600.0
    """Seconds for which the machine may report no progress."""

    def __post_init__(self) -> None:
        """Names of folders stay names."""
        if self.session and not self.session.isalnum():
            raise InvalidValue(Problem("session", "must be letters and digits", self.session))


@dataclass(frozen=True)
class Reply:
    """The result of a task."""

    status: Literal["ok", "failed"]
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Texts are short and safe to show."""
        object.__setattr__(self, "reason", shown(self.reason))


@dataclass(frozen=True)
class Told:
    """What a worker says while it is at a task."""

    task: str
    worker: str
    """Its address."""
    name: str
    """The machine's name."""
    what: Literal["need", "line", "ready"]
    """It needs contents, passes on a line of the device side, or has results to fetch."""
    text: str = ""
    contents: tuple[str, ...] = ()
    """SHA-256 of the contents that it needs."""

    def __post_init__(self) -> None:
        """Texts are short and safe to show."""
        object.__setattr__(self, "name", shown(self.name)[:80])


def encoded(record: Any) -> bytes:
    """A record as it travels."""
    return to_json(record).encode()


def decoded(kind: type[A], data: bytes, where: str) -> A:
    """The record of what arrived; raises RemoteError."""
    try:
        found = parsed(data)
    except ValueError:
        raise RemoteError(f"{where}: what arrived is not JSON") from None
    return validated(kind, found, where, RemoteError)
