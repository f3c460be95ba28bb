"""The messages of a device: JSON lines, each checked against the record of its kind before anything of it is used.

A line that is none of them is skipped: a login file or a library may print between them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from edgebench.core.errors import RemoteError
from edgebench.core.json_file import parsed
from edgebench.core.problems import InvalidValue, Problem, require_range
from edgebench.core.serialization import readable
from edgebench.core.validation import build, validated

LINE_BYTES = 1 << 20
"""The longest message."""
MOST_BYTES = 256 * 2**20
"""All messages of one connection."""
TEXT = 400
"""Characters of a text that are kept."""
MOST_STEPS = 10**9
A = TypeVar("A")


@dataclass(frozen=True)
class Event:
    """How far the device is."""

    event: str
    """`stage`, `begin`, `step`, `detail`, `cell`, `note` or `error`; others are of a later version."""
    text: str = ""
    name: str = ""
    total: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        """Texts are short and safe to show."""
        require_range("total", self.total, 0, MOST_STEPS)
        for name in ("text", "name", "reason"):
            object.__setattr__(self, name, shown(getattr(self, name)))


@dataclass(frozen=True)
class Hello:
    """The device's lock is held, or another run holds it."""

    home: str = ""
    """Absolute path of EdgeBench's folder there."""
    machine: str = ""
    free: int = 0
    busy: str = ""
    """Who holds the lock; empty where this run does."""

    def __post_init__(self) -> None:
        """The folder becomes a part of sftp's commands."""
        if not self.busy and (not self.home.startswith("/") or not self.home.isprintable() or len(self.home) > 1000):
            raise InvalidValue(Problem("home", "must be an absolute path of printable characters", self.home))


@dataclass(frozen=True)
class Looked:
    """What the system of a device says of itself."""

    texts: Mapping[str, str]
    packages: Mapping[str, str]
    threads: int
    load: float
    system: str
    python: str


@dataclass(frozen=True)
class Missing:
    """SHA-256 of the contents to send, and those of them of which a part is there."""

    missing: tuple[str, ...]
    begun: tuple[str, ...]


@dataclass(frozen=True)
class Stored:
    """The answer to `store`: SHA-256 of the contents that arrived damaged."""

    damaged: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """The Python that measures, and pip's errors by format."""

    python: str
    failed: Mapping[str, str]


@dataclass(frozen=True)
class Ended:
    """How the device side ended."""

    status: int
    last: str
    """The last line of its standard error."""


@dataclass(frozen=True)
class Done:
    """The request was carried out."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request, not checked yet."""

    data: Mapping[str, Any] = field(default_factory=dict)


def read(line: bytes) -> Event | Answer | None:
    """The message of a line; None for a keep-alive, for an event that cannot be used, and for what is no message."""
    try:
        data = parsed(line)
        if isinstance(data, dict) and data.get("done") is True:
            return Answer({name: value for name, value in data.items() if name != "done"})
        return build(Event, data)
    except ValueError:  # of the JSON, or of a field
        return None


def answer(kind: type[A], data: Mapping[str, Any], host: str, asked: str) -> A:
    """The answer to a request; raises RemoteError for the device's own error, and for an answer that cannot be used."""
    if "error" in data:
        raise RemoteError(f"{host}: {shown(str(data['error']))}")
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    return validated(kind, {k: v for k, v in data.items() if k in known}, f"{host}: its answer to {asked}", RemoteError)


def require_among(found: Collection[str], known: Collection[str], host: str, what: str) -> None:
    """Raise RemoteError where a device names anything that it was not asked for."""
    for name in found:
        if name not in known:
            raise RemoteError(f"{host}: names {shown(name)[:80]!r} as {what}, which is none of this run's")


def shown(text: str) -> str:
    """A device's text as it may be shown."""
    return readable(text[: 4 * TEXT])[:TEXT]
