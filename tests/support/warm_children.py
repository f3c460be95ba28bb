"""Lets EdgeBench's children on the build side start from the warm server, which has their libraries imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgebench.isolation import python
from edgebench.isolation.forking import ForkServer

HERE = Path(__file__).parent
MODULES = (
    "edgebench.artifacts.builder", "edgebench.artifacts.import_model", "edgebench.artifacts.opener",
    "edgebench.artifacts.untrained", "edgebench.compress.process",
)  # fmt: skip
WORKER = "edgebench.measuring.worker"
LIGHT = "onnx"
"""The format whose runtime is imported at once; those of the others take seconds."""

state = {"on": False}
"""Whether a test's children may start so: where it is not marked `cold`. They have the limits and the cores of the
server, not the test's, so tests of kills, limits and how Python starts are marked. Their memory and their start are
those of a process that had torch already, so other tests do not look at these figures of a format that needs torch."""


@contextmanager
def allowed() -> Iterator[None]:
    """They start so within the block."""
    before, state["on"] = state["on"], True
    try:
        yield
    finally:
        state["on"] = before


class Server(ForkServer):
    """The server of the tests, which starts when it is first asked for."""

    def __init__(self) -> None:
        super().__init__((), program=[str(HERE / "warm_server.py")])


class Running:
    """A server that runs already."""

    def __init__(self, path: str) -> None:
        self._path = path

    def command(self, module: str, *arguments: str) -> list[str]:
        """The command that runs a module in a child of it."""
        return python.forked(self._path, module, *arguments)


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


def start_from(server: ForkServer | Running) -> Callable[[], None]:
    """From now on, such children of this process start from the server; returns what takes that back."""
    from edgebench.isolation import process

    asked = process._asked

    def asking(
        module: str, request: dict[str, Any], timeout_s: float, environment: Any, prefix: Any, own: Any
    ) -> Iterator[dict[str, Any]]:
        chosen: Any = server if not prefix and suits(module, request) else own
        yield from asked(module, request, timeout_s, environment, prefix, chosen)

    process._asked = asking  # type: ignore[assignment]

    def stop() -> None:
        process._asked = asked

    return stop
