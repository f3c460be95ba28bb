"""The client's end of a Dask cluster: does tasks on its workers, whatever becomes of workers and scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from edgebench import __version__
from edgebench.core.errors import EdgeBenchError, RemoteError, first_line
from edgebench.fleet import guard
from edgebench.fleet.messages import PIECE, Reply, Request, Told, decoded, encoded
from edgebench.fleet.transfer import Content, Results, send
from edgebench.isolation import interrupts
from edgebench.isolation.process import closing
from edgebench.remote.messages import shown

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.security import Security

LOOK_S = 0.5
KNOWN_S = 2.0
"""How long the list of workers is taken for true."""
CONNECT_S = 10.0
LOST = (Exception, asyncio.CancelledError)
MOST_ATTEMPTS = 10
"""So often a task is given to the cluster whose workers are lost each time."""
MOST_LOST = 100
"""So often in a row the connection may be lost as soon as it is made."""
PATIENCE_S = 120.0
"""How long a lost scheduler, or the last worker of a kind, may stay away."""


class _Failed(Exception):  # noqa: N818 - never shown by itself
    """A task ended without a reply."""


@dataclass(frozen=True)
class Peer:
    """A worker as the scheduler knows it."""

    address: str
    name: str
    resources: Mapping[str, float]


@dataclass(frozen=True)
class Task:
    """A request with the contents of its files, and what is done with what the worker says."""

    request: Request
    contents: Mapping[str, Content]
    """By SHA-256."""
    resources: Mapping[str, float]
    line: Callable[[str, str], object] = lambda _name, _text: None
    """Called with a machine's name and a line of its device side."""
    ready: Callable[[str, Results], object] = lambda _name, _results: None
    """Called with a machine's name and its results; what it takes is there afterwards."""


@dataclass
class Cluster:
    """A connection with a scheduler, made again when it is lost."""

    address: str
    security: Security
    note: Callable[[str], object] = lambda _: None
    patience_s: float = field(default_factory=lambda: PATIENCE_S)
    _client: Client | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _inboxes: dict[str, SimpleQueue[Told | None]] = field(default_factory=dict)
    _topic: str = field(default_factory=lambda: f"edgebench-{uuid.uuid4().hex}")
    _known: tuple[float, list[Peer]] = (0.0, [])

    def __enter__(self) -> Cluster:
        guard.install()
        for name in ("distributed", "distributed.client"):  # what matters is said in a line of the run's own
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.peers()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._client is not None:
                with contextlib.suppress(*LOST):
                    self._client.close(timeout=2)
                self._client = None

    def client(self) -> Client:
        """The connection, made where there is none; raises RemoteError where there is no scheduler in time."""
        from distributed import Client

        with self._lock:
            if self._client is not None and self._client.status == "running":
                return self._client
            if self._client is not None:
                self.note(f"{self.address}: the scheduler was lost")
                with contextlib.suppress(*LOST):  # it has nobody to say goodbye to
                    self._client.close(timeout=0)
                self._client = None
            deadline = time.monotonic() + self.patience_s
            first = not self._known[0]
            while True:
                self._check()
                try:
                    client = Client(self.address, security=self.security, timeout=CONNECT_S, set_as_default=False)
                    break
                except (OSError, TimeoutError) as error:
                    if first or time.monotonic() > deadline:
                        why = str(error).splitlines()[0] if str(error) else "no answer"
                        raise RemoteError(f"{self.address}: no scheduler can be reached ({why})") from None
                    time.sleep(LOOK_S)
            self._client = client
            return client

    def _check(self) -> None:
        """Raise where the run has ended."""
        interrupts.check()
        if closing():
            raise RemoteError("the run has ended")

    def peers(self) -> list[Peer]:
        """The workers that are there now."""
        with self._lock:
            since, known = self._known
            if since and time.monotonic() - since < KNOWN_S:
                return known
            found = self._workers()
            known = [Peer(address, shown(str(one["name"])), dict(one["resources"])) for address, one in found.items()]
            self._known = (time.monotonic(), known)
            return known

    def _workers(self) -> Mapping[str, Mapping[str, Any]]:
        """The workers by address, as the scheduler describes them; raises RemoteError where it stays away."""
        deadline = time.monotonic() + self.patience_s
        while True:
            client = self.client()
            try:
                found: Mapping[str, Mapping[str, Any]] = client.sync(client.scheduler.identity, n_workers=-1)["workers"]
                return found
            except EdgeBenchError:
                raise
            except LOST as error:  # at this moment
                if time.monotonic() > deadline:
                    raise RemoteError(f"{self.address}: the scheduler does not answer ({error})") from None
                time.sleep(LOOK_S)

    def offers(self, resource: str) -> list[Peer]:
        """The workers that offer a resource."""
        return [peer for peer in self.peers() if peer.resources.get(resource)]

    def do(self, task: Task) -> tuple[str, Reply]:
        """Do a task on some worker that offers its resources; the machine's name, and the reply.

        A worker that is lost is replaced by another one, or awaited; so is the scheduler. Raises RemoteError where
        neither comes in time.
        """
        failed = lost = 0
        while True:
            self._check()
            begun = time.monotonic()
            key = f"{task.request.do}-{uuid.uuid4().hex}"
            inbox: SimpleQueue[Told | None] = SimpleQueue()
            self._inboxes[key] = inbox
            future = None
            try:
                future = self._submitted(task, key)
                future.add_done_callback(lambda _: inbox.put(None))  # noqa: B023
                if found := self._followed(task, key, future, inbox):
                    return found
            except _Failed as error:  # Dask gives up on a task whose workers were lost four times
                failed += 1
                if failed == MOST_ATTEMPTS:
                    raise RemoteError(f"given up after {failed} attempts: {error}") from None
                time.sleep(LOOK_S)
            except EdgeBenchError:
                raise
            except LOST as error:  # of Dask, which has many: the connection is lost, and made again
                lost = lost + 1 if time.monotonic() - begun < CONNECT_S else 1
                if lost > MOST_LOST:
                    raise RemoteError(f"{self.address}: {first_line(error)}") from None
                time.sleep(LOOK_S)
            finally:
                self._inboxes.pop(key, None)
                if future is not None:
                    with contextlib.suppress(Exception):
                        future.release()

    def _submitted(self, task: Task, key: str) -> Future[bytes]:
        from edgebench.fleet.work import perform

        request = replace(task.request, topic=self._topic, task=key, edgebench=__version__)
        client = self.client()
        # Each time: Dask may have found a restarted scheduler by itself, which knows of no subscription.
        client.subscribe_topic(self._topic, self._told)
        return client.submit(perform, encoded(request), key=key, resources=dict(task.resources), pure=False, retries=0)

    def _followed(
        self, task: Task, key: str, future: Future[bytes], inbox: SimpleQueue[Told | None]
    ) -> tuple[str, Reply] | None:
        """Follow a task to its end; None where it was lost."""
        name, alone_since = "", time.monotonic()
        while True:
            self._check()
            try:
                told = inbox.get(timeout=LOOK_S)
            except Empty:
                if all(self.offers(resource) for resource in task.resources):
                    alone_since = time.monotonic()
                elif time.monotonic() - alone_since > self.patience_s:
                    future.cancel()
                    raise RemoteError(self._nobody(task)) from None
                if future.status in ("cancelled", "lost"):
                    return None
                continue
            if told is None:
                return self._ended(name, future)
            name = told.name
            # A worker that is lost meanwhile has no say: Dask gives the task to another one, which tells again.
            try:
                self._heard(task, key, told)
            except EdgeBenchError:
                raise
            except LOST:
                continue

    def _heard(self, task: Task, key: str, told: Told) -> None:
        if told.what == "line":
            task.line(told.name, told.text)
        elif told.what == "need":
            send(self.call(told.worker), task.request.files, task.contents, told)
        else:
            call = self.call(told.worker)
            task.ready(told.name, Results(call, task.request.session, told.name))
            call("edgebench-release", task=key)

    def _ended(self, name: str, future: Future[bytes]) -> tuple[str, Reply] | None:
        if future.status in ("cancelled", "lost"):
            return None
        if future.status == "error":
            error = future.exception()
            said = " ".join(str(error).split())[:300] or type(error).__name__
            raise _Failed(f"{name or 'a worker'}: {shown(said)}")
        data = future.result(timeout=CONNECT_S)
        if not isinstance(data, bytes):
            raise RemoteError(f"{name}: its reply is not of a task")
        return name, decoded(Reply, data, f"{name}: its reply")

    def _nobody(self, task: Task) -> str:
        lacks = [resource for resource in task.resources if not self.offers(resource)]
        return f"no worker of {self.address} has offered {lacks[0]} for {self.patience_s:g} s"

    def call(self, worker: str) -> Callable[..., Any]:
        """Calls of a worker, through the scheduler; raises OSError where the worker is lost."""

        def called(op: str, **fields: Any) -> Any:
            client = self.client()
            answers = client.sync(client.scheduler.broadcast, msg={"op": op, **fields}, workers=[worker])
            return answers[worker]

        return called

    def _told(self, event: tuple[float, Any]) -> None:
        """Give an event to the task that it names; others, and what is none, are dropped."""
        data = event[1]
        if not isinstance(data, bytes) or len(data) > PIECE:
            return
        with contextlib.suppress(RemoteError):
            told = decoded(Told, data, "an event")
            if inbox := self._inboxes.get(told.task):
                inbox.put(told)


@contextlib.contextmanager
def opened(address: str, security: Security, note: Callable[[str], object]) -> Iterator[Cluster]:
    """Connect with a scheduler while the block runs; raises RemoteError."""
    with Cluster(address, security, note) as cluster:
        yield cluster
