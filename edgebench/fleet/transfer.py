"""Contents to a worker's machine and results from it, in pieces, through calls of the worker; bounded in bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.core.errors import RemoteError
from edgebench.core.files import replacing
from edgebench.fleet.messages import PIECE, Told
from edgebench.remote.bundles.layout import Entry
from edgebench.remote.messages import require_among
from edgebench.remote.transfer import ALL_BYTES, FILE_BYTES

Content = bytes | Path
Call = Callable[..., Any]
TRIES = 3


def send(call: Call, files: Mapping[str, Entry], contents: Mapping[str, Content], told: Told) -> None:
    """Send the contents that a worker needs; raises RemoteError where one arrives damaged again and again."""
    entries = {one.sha256: one for one in files.values()}
    require_among(told.contents, entries, told.name, "a content")
    left = list(dict.fromkeys(told.contents))
    for _ in range(TRIES):
        whole = _sent(call, [entries[name] for name in left], contents)
        left = [name for name in left if name not in whole]
        if not left:
            return
    raise RemoteError(f"{told.name}: contents arrive damaged")


def _sent(call: Call, entries: Sequence[Entry], contents: Mapping[str, Content]) -> set[str]:
    """Send contents in pieces, small ones together; returns those that are whole there."""
    whole: set[str] = set()
    batch: list[tuple[str, int, int, bytes]] = []
    for entry in entries:
        for offset in range(0, max(1, entry.size), PIECE):
            data = _piece(contents[entry.sha256], offset)
            if batch and sum(len(one[3]) for one in batch) + len(data) > PIECE:
                whole |= _put(call, batch)
                batch = []
            batch.append((entry.sha256, entry.size, offset, data))
    return whole | _put(call, batch)


def _put(call: Call, batch: Sequence[tuple[str, int, int, bytes]]) -> set[str]:
    answers = call("edgebench-put", pieces=batch)
    if not isinstance(answers, list | tuple) or len(answers) != len(batch):
        return set()
    return {name for (name, *_), there in zip(batch, answers, strict=True) if there is True}


def _piece(content: Content, offset: int) -> bytes:
    if isinstance(content, bytes):
        return content[offset : offset + PIECE]
    with content.open("rb") as stream:
        stream.seek(offset)
        return stream.read(PIECE)


@dataclass
class Results:
    """The files of a session on a worker's machine."""

    call: Call
    session: str
    name: str
    """The machine's."""
    _taken: int = 0

    def get(self, names: Sequence[str], folder: Path) -> None:
        """Fetch files of the session's run to the same places in `folder`; one that is not there is left out.

        Raises RemoteError where they are larger than a run's files, DiskFull.
        """
        left = list(names)
        while left:
            answers = self._asked([(name, 0) for name in left])
            for name, (data, size) in zip(left, answers, strict=False):
                if size >= 0:
                    self._write(folder / name, name, data, size)
            left = left[len(answers) :]

    def _write(self, path: Path, name: str, data: bytes, size: int) -> None:
        if size > FILE_BYTES:
            raise RemoteError(f"{self.name}: has a file of over {FILE_BYTES / 1e6:.0f} MB")
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open("wb") as stream:
            stream.write(data)
            while stream.tell() < size:
                ((more, now),) = self._asked([(name, stream.tell())])
                if not more or now != size:
                    raise RemoteError(f"{self.name}: a file changed while it was fetched")
                stream.write(more)

    def _asked(self, wanted: list[tuple[str, int]]) -> list[tuple[bytes, int]]:
        answers = self.call("edgebench-fetch", session=self.session, wanted=wanted)
        if not isinstance(answers, list | tuple) or not 0 < len(answers) <= len(wanted):
            raise RemoteError(f"{self.name}: its answer is not one of files")
        found = []
        for one in answers:
            if not isinstance(one, list | tuple) or len(one) != 2 or type(one[1]) is not int:
                raise RemoteError(f"{self.name}: its answer is not one of files")
            if not isinstance(one[0], bytes | bytearray | memoryview) or len(one[0]) > PIECE:
                raise RemoteError(f"{self.name}: its answer is not a file's content")
            found.append((bytes(one[0]), one[1]))
        self._taken += sum(len(data) for data, _ in found)
        if self._taken > ALL_BYTES:
            raise RemoteError(f"{self.name}: sends over {ALL_BYTES / 1e9:.0f} GB")
        return found
