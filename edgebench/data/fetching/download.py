"""Files from one server into one folder: resumable, checked by their published hash, bounded in bytes and time."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, DownloadError
from edgebench.core.files import disk_full_at
from edgebench.data.fetching.connection import Broken, Connections, Refused, pieces
from edgebench.data.fetching.threads import in_threads

TRIES = 5
FIRST_S, SLOWEST = 60.0, 1024
"""Seconds that one attempt may take, and one more for each so many bytes that came."""
HASHES = {32: "md5", 64: "sha256"}
"""Hashes by their number of hexadecimal digits. MD5 is what some publishers give: it finds damage, but no attacker."""


@dataclass(frozen=True)
class Published:
    """A file as its publisher describes it."""

    name: str
    """Its path below the server's address, and below the folder."""
    digest: str
    """MD5 or SHA-256, in lower-case hexadecimal digits."""
    most: int
    """Bytes that it has at most; of a server that sends more, nothing is kept."""


@dataclass
class Attempt:
    """How far one file is."""

    name: str
    started: float = field(default_factory=time.monotonic)
    received: int = 0


class Downloader:
    """Downloads from one address; `get` may be called from several threads. Raises DataError for a folder that is none.

    `progress` is called with the bytes that are there of the file at work, and those that it has at most.
    """

    def __init__(self, url: str, directory: Path, progress: Progress | None = None) -> None:
        if directory.exists() and not directory.is_dir():
            raise DataError(f"{directory}: a file, not a folder; name the folder to fill")
        self._url, self._directory, self._progress = url.rstrip("/") + "/", directory, progress
        self._connections, self._stopped = Connections(), threading.Event()
        self._running: dict[int, Attempt] = {}

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._connections.close()

    def get_all(self, files: Sequence[Published], workers: int = 1) -> Iterator[bool]:
        """Complete the files; True, as they end, for each that was downloaded. Raises DownloadError, DiskFull."""
        return in_threads([partial(self.get, file) for file in files], workers, self.require_progress)

    def require_progress(self) -> None:
        """Raise DownloadError where a file comes too slowly to end: a server may send a byte now and then for ever."""
        now = time.monotonic()
        for attempt in list(self._running.values()):
            if now - attempt.started > FIRST_S + attempt.received / SLOWEST:
                seconds = f"{now - attempt.started:.0f} s"
                self._fail(attempt.name, f"only {attempt.received} bytes in {seconds}")

    def content(self, name: str, most: int) -> bytes:
        """The content of a file of at most `most` bytes, whose hash is not known; raises DownloadError."""
        got = b""

        def attempt(now: Attempt) -> str:
            nonlocal got
            with self._connections.open(self._url + name) as response:
                if response.status_code != 200:
                    return f"HTTP {response.status_code}"
                parts = []
                for piece in pieces(response, most):
                    now.received += len(piece)
                    parts.append(piece)
            got = b"".join(parts)
            return ""

        (_,) = in_threads([partial(self._retry, name, attempt)], 1, self.require_progress)
        return got

    def get(self, file: Published) -> bool:
        """Complete one file; True if it was downloaded. Raises DownloadError, DiskFull."""
        path = self._directory / file.name
        if PurePosixPath(file.name).is_absolute() or not path.resolve().is_relative_to(self._directory.resolve()):
            raise DownloadError(f"{file.name}: leads out of {self._directory}")
        if path.is_file() and _is_published(path, file):
            return False
        part = path.with_name(f"{path.name}.part")
        with disk_full_at(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._retry(file.name, lambda attempt: self._complete(file, part, attempt))
            part.replace(path)
        return True

    def _complete(self, file: Published, part: Path, attempt: Attempt) -> str:
        """Make one attempt to complete a file; returns the problem, or an empty text."""
        have = part.stat().st_size if part.exists() else 0
        if have > file.most:
            part.unlink()
            have = 0
        if have and _is_published(part, file):
            return ""
        with self._connections.open(self._url + file.name, have) as response:
            if response.status_code not in (200, 206, 416):
                return f"HTTP {response.status_code}"
            if response.status_code != 416:  # nothing is left to send: the part is damaged
                have = have if response.status_code == 206 else 0
                try:
                    with part.open("ab" if have else "wb") as stream:
                        for piece in pieces(response, file.most - have):
                            if self._stopped.is_set():
                                return "stopped"
                            stream.write(piece)
                            attempt.received += len(piece)
                            if self._progress:
                                self._progress(have + attempt.received, file.most)
                except Refused:
                    part.unlink()  # it is of another file
                    raise
        if not _is_published(part, file):
            part.unlink()  # resuming would keep the damage
            return f"its {HASHES[len(file.digest)].upper().replace('SHA', 'SHA-')} is not the published one"
        return ""

    def _retry(self, name: str, attempt: Callable[[Attempt], str]) -> None:
        problem = ""
        for number in range(TRIES):
            if number and self._stopped.wait(0.2 * 2**number):
                break
            try:
                with self._watched(name) as now:
                    problem = attempt(now)
            except Broken as error:
                problem = str(error)
            except Refused as error:
                self._fail(name, str(error))
            except ValueError:
                raise DownloadError(f"{self._url}: not an address; it begins with https:// or http://") from None
            if not problem:
                return
            if problem in ("HTTP 403", "HTTP 404"):
                break
        self._fail(name, problem + (f" (tried {number + 1} times)" if number else ""))

    @contextmanager
    def _watched(self, name: str) -> Iterator[Attempt]:
        thread = threading.get_ident()
        self._running[thread] = attempt = Attempt(name)
        try:
            yield attempt
        finally:
            del self._running[thread]

    def _fail(self, name: str, problem: str) -> None:
        raise DownloadError(f"{self._url}{name}: {problem}; run the same command to go on")


def _is_published(path: Path, file: Published) -> bool:
    with path.open("rb") as stream:
        made = hashlib.file_digest(stream, lambda: hashlib.new(HASHES[len(file.digest)], usedforsecurity=False))
    return made.hexdigest() == file.digest
