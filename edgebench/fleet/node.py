"""A Dask worker that does EdgeBench's tasks and nothing else, and comes back when it loses the scheduler."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Worker
from distributed.core import Status
from distributed.security import Security

from edgebench.core.errors import RemoteError, first_line
from edgebench.core.scratch import scratch_folder
from edgebench.fleet import guard
from edgebench.fleet.content_store import CACHE_BYTES
from edgebench.fleet.machine import Ended, Machine
from edgebench.fleet.messages import Reply, Request, decoded, encoded
from edgebench.remote.bundles.layout import Entry

FOREIGN = (
    "run", "run_coroutine", "upload_file", "plugin-add", "plugin-remove", "actor_execute", "actor_attribute",
    "update_data", "benchmark_disk", "benchmark_memory", "benchmark_network",
)  # fmt: skip
"""What a Dask worker offers besides tasks: functions and files of whoever asks."""
PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


@dataclass(frozen=True)
class Offer:
    """What a worker offers, and where it connects."""

    scheduler: str
    name: str
    resources: Mapping[str, float]
    home: Path
    security: Security
    host: str | None = None
    """Where it listens; None for Dask's choice."""
    cache_bytes: int = CACHE_BYTES


class Node(Worker):  # type: ignore[misc]
    """The worker; its thread performs tasks, its event loop moves contents."""

    def __init__(self, offer: Offer, folder: str) -> None:
        super().__init__(
            offer.scheduler, nthreads=1, name=offer.name, resources=dict(offer.resources), security=offer.security,
            host=offer.host, local_directory=folder, memory_limit=0, dashboard=False,
        )  # fmt: skip
        for name in FOREIGN:
            self.handlers.pop(name, None)
        self.handlers |= {
            "edgebench-put": self.put, "edgebench-fetch": self.fetch, "edgebench-release": self.release,
            "edgebench-look": self.look,
        }  # fmt: skip
        self._home = offer.home
        self.machine = Machine(offer.home, "", offer.name, offer.cache_bytes)

    async def plugin_add(self, plugin: Any, name: str | None = None, catch_errors: bool = True) -> Any:
        """Take Dask's own plug-in; one of a stranger, which the scheduler hands to each new worker, is left out."""
        try:
            return await super().plugin_add(plugin=plugin, name=name, catch_errors=catch_errors)
        except guard.Refused:
            return {"status": "OK"}

    def perform(self, data: bytes) -> bytes:
        """Carry out a request; called in the worker's thread."""
        try:
            request = decoded(Request, data, "the request")
        except RemoteError as error:
            return encoded(Reply("failed", str(error)))
        self.machine.address = self.address
        try:
            return encoded(
                self.machine.perform(
                    request, lambda told: self.log_event(request.topic, encoded(told)), lambda: self._ended(request)
                )
            )
        except Ended:
            return encoded(Reply("failed", "it was cancelled"))

    def _ended(self, request: Request) -> bool:
        """Whether nobody waits for the task."""
        task = self.state.tasks.get(request.task)
        return task is None or task.state == "cancelled" or self.status not in (Status.running, Status.paused)

    def put(self, pieces: Any) -> list[bool]:
        """Store pieces of contents, each with the content's hash and size and its offset; whether it is whole now."""
        put = self.machine.contents.put
        stored = [put(Entry(str(name), int(size)), int(offset), bytes(data)) for name, size, offset, data in pieces]
        self.machine.moved()
        return stored

    def fetch(self, session: str, wanted: Any) -> Any:
        """Files of a session's results."""
        return self.machine.fetch(session, [(str(name), int(offset)) for name, offset in wanted])

    def release(self, task: str) -> bool:
        """The client has fetched what it wants of a task."""
        self.machine.release(task)
        return True

    async def look(self) -> bytes:
        """What this machine is."""
        from edgebench.fleet import look

        return encoded(await asyncio.to_thread(look.here, self._home))


async def serve(offer: Offer, note: Callable[[str], object]) -> None:
    """Work until the process is ended; a lost scheduler is looked for again and again."""
    guard.install()
    dask.config.set({"distributed.worker.http.routes": []})  # its pages would tell anybody of this machine
    pause_s = PAUSE_S
    with scratch_folder() as folder:
        while True:
            try:
                async with Node(offer, str(folder)) as node:
                    note(f"{offer.name}: connected with {offer.scheduler}, offers {', '.join(offer.resources)}")
                    pause_s = PAUSE_S
                    await node.finished()
                why = "the connection has ended"
            except (TimeoutError, OSError, ValueError, RuntimeError) as error:
                why = first_line(error.__cause__ or error)
            note(f"{offer.name}: {why}; again in {pause_s:g} s")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
