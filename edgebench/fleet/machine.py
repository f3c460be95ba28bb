"""The work of a worker's machine: contents arrive, the work is done in a folder of its session, results are fetched."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgebench import __version__
from edgebench.core.errors import EdgeBenchError, RemoteError, first_line
from edgebench.fleet import device_side, machine_lock
from edgebench.fleet.content_store import CACHE_BYTES, ContentStore
from edgebench.fleet.messages import PIECE, Reply, Request, Told
from edgebench.remote.agent import STALE_S

HOME = ".edgebench"
"""The folder inside the home folder; an agent over SSH has the same."""
SILENCE_S = 600.0
"""Seconds for which a client may neither send nor fetch anything while its task waits for that."""
AGAIN_S = 30.0
"""After so long without anything from the client it is asked again: what it was told may be lost."""
WAIT_S = 0.2
Tell = Callable[[Told], object]


class Ended(Exception):  # noqa: N818 - never shown: nobody waits for the task any more
    """The task was cancelled, or the worker closes."""


class Machine:
    """Does one task at a time; contents and results move by calls from other threads meanwhile."""

    def __init__(self, home: Path, address: str, name: str, cache_bytes: int = CACHE_BYTES) -> None:
        self._home, self.address, self._name = home, address, name
        self.contents = ContentStore(home / "files", cache_bytes)
        self._moved = threading.Event()
        self._released: set[str] = set()
        self.measure: Callable[[Path, Callable[[str], object], Callable[[], bool], float], str] = device_side.measure

    def perform(self, request: Request, tell: Tell, ended: Callable[[], bool]) -> Reply:
        """Carry out a request. Raises Ended."""
        if request.edgebench != __version__:
            return Reply("failed", f"{self._name} has EdgeBench {__version__}, the client {request.edgebench}")

        def say(what: Any, **more: Any) -> None:
            tell(Told(request.task, self.address, self._name, what, **more))

        def look() -> None:
            if ended():
                raise Ended

        try:
            with machine_lock.held(self._home, request.do == "measure", look):
                return self._done(request, say, look, ended)
        except (EdgeBenchError, OSError) as error:
            return Reply("failed", first_line(error))
        finally:
            self._released.discard(request.task)

    def _done(
        self, request: Request, say: Callable[..., None], look: Callable[[], None], ended: Callable[[], bool]
    ) -> Reply:
        work = self._work(request.session)
        self._receive(request, work / "bundle", say, look)
        reason = self._work_on(request, work, lambda text: say("line", text=text), ended)
        look()
        if not reason:
            self._wait(
                look, lambda: request.task in self._released, lambda: say("ready"), "its results were not fetched"
            )
        self._clean(work)
        return Reply("failed" if reason else "ok", reason)

    def _work_on(self, request: Request, work: Path, line: Callable[[str], None], ended: Callable[[], bool]) -> str:
        """Do the work; why it failed, empty where it did not."""
        if request.do == "measure":
            return self.measure(work, line, ended, request.patience_s)
        from edgebench.fleet import build_there  # the build side's

        shutil.rmtree(work / "run", ignore_errors=True)  # what was begun is made again, which is checked
        build_there.perform(work, dict(request.body), line, ended)
        return ""

    def _receive(self, request: Request, folder: Path, say: Callable[..., None], look: Callable[[], None]) -> None:
        """Have the files of the request in a folder; the client sends what is not here."""
        while True:
            while need := self.contents.missing(request.files.values()):
                entries = [one for one in request.files.values() if one.sha256 in need]
                self._wait(
                    look,
                    lambda: not self.contents.missing(entries),  # noqa: B023
                    lambda: say("need", contents=tuple(self.contents.missing(entries))),  # noqa: B023
                    "no contents arrived",
                )
            try:
                return self.contents.lay_out(request.files, folder)
            except FileNotFoundError:  # another worker of this machine needed the space
                continue

    def _wait(self, look: Callable[[], None], done: Callable[[], bool], ask: Callable[[], None], why: str) -> None:
        """Ask the client for something and wait until it is done, as long as the client moves anything."""
        moved_at, asked_at = time.monotonic(), -AGAIN_S
        while not done():
            look()
            now = time.monotonic()
            if now - max(moved_at, asked_at) >= AGAIN_S or asked_at < 0:
                asked_at = now
                ask()
            if self._moved.wait(WAIT_S):
                self._moved.clear()
                moved_at = time.monotonic()
            elif now - moved_at > SILENCE_S:
                raise RemoteError(f"{self._name}: {why} for {SILENCE_S:g} s")

    def fetch(self, session: str, wanted: Sequence[tuple[str, int]]) -> list[tuple[bytes, int]]:
        """Files of a session's run, each from an offset: content and size, as many as travel at once; size -1 for none.

        Raises ValueError for a name outside of the run.
        """
        self._moved.set()
        run = (self._work(session) / "run").resolve()
        found: list[tuple[bytes, int]] = []
        left = PIECE
        for name, offset in wanted:
            path = (run / name).resolve()
            if not session.isalnum() or not path.is_relative_to(run):
                raise ValueError("a name outside of the run")
            if not path.is_file():
                found.append((b"", -1))
                continue
            with path.open("rb") as stream:
                stream.seek(offset)
                found.append((stream.read(left), path.stat().st_size))
            left -= len(found[-1][0])
            if left <= 0:
                break
        return found

    def moved(self) -> None:
        """The client has sent something."""
        self._moved.set()

    def release(self, task: str) -> None:
        """The client has what it wants of a task."""
        self._released.add(task)
        self._moved.set()

    def _work(self, session: str) -> Path:
        return self._home / "work" / session

    def _clean(self, work: Path) -> None:
        """Remove a session's work, old work of others, and contents beyond the limit."""
        shutil.rmtree(work, ignore_errors=True)
        for old in work.parent.glob("*"):
            if time.time() - old.stat().st_mtime > STALE_S:
                shutil.rmtree(old, ignore_errors=True)
        self.contents.trim()
