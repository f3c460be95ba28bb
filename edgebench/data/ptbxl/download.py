"""Files from one server into one folder: resumable, checked by SHA-256, bounded in bytes and time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edgebench.core.errors import DownloadError
from edgebench.core.files import disk_full_at, sha256, write_bytes
from edgebench.data.ptbxl.connection import Broken, Connections, Refused, pieces

SUMS = "SHA256SUMS.txt"
MOST_SUMS = 32 * 2**20
"""PhysioNet's list has 9 MB."""
TRIES = 5
FIRST_S, SLOWEST = 60.0, 1024
"""Seconds that one attempt may take, and one more for each so many bytes that came."""


@dataclass
class Attempt:
    """How far one file is."""

    name: str
    started: float = field(default_factory=time.monotonic)
    received: int = 0


class Downloader:
    """Downloads from one address; `get` may be called from several threads."""

    def __init__(self, url: str, directory: Path) -> None:
        self._url, self._directory = url.rstrip("/") + "/", directory
        self._connections, self._stopped = Connections(), threading.Event()
        self._running: dict[int, Attempt] = {}

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._connections.close()

    def require_progress(self) -> None:
        """Raise DownloadError where a file comes too slowly to end: a server may send a byte now and then for ever."""
        now = time.monotonic()
        for attempt in list(self._running.values()):
            if now - attempt.started > FIRST_S + attempt.received / SLOWEST:
                seconds = f"{now - attempt.started:.0f} s"
                self._fail(attempt.name, f"only {attempt.received} bytes in {seconds}")

    def sums(self, needed: str) -> dict[str, str]:
        """The published SHA-256 of each file, by its path; raises DownloadError where `needed` is not in the list."""
        got = b""

        def attempt(now: Attempt) -> str:
            nonlocal got
            with self._connections.open(self._url + SUMS) as response:
                if response.status_code != 200:
                    return f"HTTP {response.status_code}"
                parts = []
                for piece in pieces(response, MOST_SUMS):
                    now.received += len(piece)
                    parts.append(piece)
            got = b"".join(parts)
            return ""

        self._retry(SUMS, attempt)
        found = {}
        for line in got.decode(errors="replace").splitlines():
            digest, _, name = line.strip().partition(" ")
            if len(digest) == 64 and name.strip():
                found[name.strip().removeprefix("*").removeprefix("./")] = digest.lower()
        if needed not in found:
            raise DownloadError(f"{self._url}{SUMS}: does not list {needed}; is this PTB-XL's address?")
        write_bytes(self._directory / SUMS, got)
        return found

    def get(self, name: str, sums: dict[str, str], most: int) -> bool:
        """Complete one file of at most `most` bytes; True if it was downloaded. Raises DownloadError, DiskFull."""
        if name not in sums:
            raise DownloadError(f"{self._url}{SUMS}: does not list {name}")
        path = self._directory / name
        if PurePosixPath(name).is_absolute() or not path.resolve().is_relative_to(self._directory.resolve()):
            raise DownloadError(f"{name}: leads out of {self._directory}")
        if path.is_file() and sha256(path) == sums[name]:
            return False
        part = path.with_name(f"{path.name}.part")
        with disk_full_at(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._retry(name, lambda attempt: self._complete(name, part, sums[name], most, attempt))
            part.replace(path)
        return True

    def _complete(self, name: str, part: Path, digest: str, most: int, attempt: Attempt) -> str:
        """Make one attempt to complete a file; returns the problem, or an empty text."""
        have = part.stat().st_size if part.exists() else 0
        if have > most:
            part.unlink()
            have = 0
        if have and sha256(part) == digest:
            return ""
        with self._connections.open(self._url + name, have) as response:
            if response.status_code not in (200, 206, 416):
                return f"HTTP {response.status_code}"
            if response.status_code != 416:  # nothing is left to send: the part is damaged
                have = have if response.status_code == 206 else 0
                with part.open("ab" if have else "wb") as stream:
                    for piece in pieces(response, most - have):
                        if self._stopped.is_set():
                            return "stopped"
                        stream.write(piece)
                        attempt.received += len(piece)
        if sha256(part) != digest:
            part.unlink()  # resuming would keep the damage
            return "its SHA-256 is not the published one"
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
