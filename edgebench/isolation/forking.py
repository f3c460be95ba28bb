"""Starts the process from which children that need torch are forked, which saves each of them the import (Linux).

Only for work whose memory and time are not measured: such a child shares its libraries' memory with others.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from edgebench.isolation import python

PROGRAM = ("-m", "edgebench.isolation.fork_server")
_servers: list[ForkServer] = []


class ForkServer:
    """A fork server that starts when it is first asked for."""

    def __init__(
        self, libraries: Sequence[str], environment: Mapping[str, str] | None = None, program: Sequence[str] = PROGRAM
    ) -> None:
        """`libraries` are the modules that it imports; `environment` overrides this process's variables."""
        self._path = f"edgebench-{uuid.uuid4()}"
        self._command, self._environment = (*program, self._path, *libraries), environment
        self._running: subprocess.Popen[bytes] | None = None
        self._starting, self._ready = threading.Lock(), threading.Event()

    def socket(self) -> str:
        """Its socket; starts it."""
        with self._starting:
            if not self._ready.is_set():
                # The system ends it with the thread that starts it, so that is one which lasts.
                threading.Thread(target=self._start, daemon=True).start()
                self._ready.wait()
        return self._path

    def command(self, module: str, *arguments: str) -> list[str]:
        """The command that runs a module in a child of it."""
        return python.forked(self.socket(), module, *arguments)

    def stop(self) -> None:
        """End it, and what it forked."""
        if self._running:
            self._running.kill()
            self._running.communicate()

    def _start(self) -> None:
        self._running = subprocess.Popen(
            python.command(*self._command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
            env=python.variables(self._environment),
        )  # fmt: skip
        assert self._running.stdout
        self._running.stdout.readline()  # also where it ends at once: its clients then do without
        self._ready.set()
        self._running.wait()


@contextmanager
def available(environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """While the block runs, `current` has a server with torch, which starts when it is first needed."""
    if _servers or sys.platform != "linux":
        yield
        return
    server = ForkServer(("torch",), environment)
    _servers.append(server)
    try:
        yield
    finally:
        _servers.remove(server)
        server.stop()


def current() -> ForkServer | None:
    """The server to use now, if any."""
    return _servers[-1] if _servers else None
