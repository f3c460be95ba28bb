"""Lets EdgeBench's children on the build side start from the warm server, which has their libraries imported."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = ("edgebench.artifacts.builder", "edgebench.artifacts.import_model", "edgebench.compress.process")
WORKER = "edgebench.measuring.worker"
LIGHT = "onnx"
"""The format whose runtime is imported at once; those of the others take seconds."""

state = {"on": False}
"""Whether a test's children may start so: where it is marked `warm`. They have the limits and the cores of the server,
not the test's, so tests of full disks and killed processes are not. Their memory and their start are those of a process
that had torch already, so no such test looks at these figures of a format that needs torch."""


@contextmanager
def allowed() -> Iterator[None]:
    """They start so within the block."""
    before, state["on"] = state["on"], True
    try:
        yield
    finally:
        state["on"] = before


class Server:
    """A server that starts when it is first asked for."""

    def __init__(self) -> None:
        self._path = f"edgebench-tests-{uuid.uuid4()}"
        self._running: subprocess.Popen[bytes] | None = None
        self._starting, self._ready = threading.Lock(), threading.Event()

    def __call__(self) -> str:
        """Its socket."""
        with self._starting:
            if not self._ready.is_set():
                # It dies with the thread that starts it (Linux), so that is one which lasts.
                threading.Thread(target=self._start, daemon=True).start()
                self._ready.wait()
        return self._path

    def _start(self) -> None:
        command = [sys.executable, "-P", str(HERE / "warm_server.py"), self._path]
        self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._running.stdout
        self._running.stdout.readline()
        self._ready.set()
        self._running.wait()

    def stop(self) -> None:
        """End it, and what it forked."""
        if self._running:
            self._running.kill()
            self._running.communicate()


def command(path: str, module: str, *arguments: str) -> list[str]:
    """The command that runs a module in a child of the server."""
    return [sys.executable, "-S", "-E", str(HERE / "warm_client.py"), path, module, *arguments]


def possible(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a process with that environment may come from the server: it does not run a sitecustomize.py."""
    return not any(
        Path(p, "sitecustomize.py").exists() for p in environment.get("PYTHONPATH", "").split(os.pathsep) if p
    )


def suits(module: str, request: dict[str, Any]) -> bool:
    """Whether such a child may start from the server, and gains by it."""
    if not (state["on"] and possible()):
        return False
    if module == WORKER:
        return request["artifact"]["format"] != LIGHT and request["memory_limit_bytes"] is None
    return module in MODULES


def start_from(server: Callable[[], str]) -> Callable[[], None]:
    """From now on, such children of this process start from the server; returns what takes that back."""
    from edgebench.isolation import process, python

    plain, asked, now = python.command, process._asked, threading.local()

    def chosen(*arguments: str) -> list[str]:
        module, now.module = getattr(now, "module", ""), ""
        return command(server(), module) if module and arguments == ("-m", module) else plain(*arguments)

    def asking(module: str, request: dict[str, Any], *rest: Any) -> Iterator[dict[str, Any]]:
        now.module = module if not rest[-1] and suits(module, request) else ""
        yield from asked(module, request, *rest)

    python.command, process._asked = chosen, asking  # type: ignore[assignment]

    def stop() -> None:
        python.command, process._asked = plain, asked

    return stop
