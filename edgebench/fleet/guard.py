"""What Dask may unpickle and receive in this process: its own few records, and requests for EdgeBench's one function.

Dask sends tasks, results and errors as pickles, and a pickle may name any function there is. Here only the names that
EdgeBench's tasks need are taken; whatever names another one is refused before it is called. A scheduler takes it over
with `dask scheduler --preload edgebench.fleet.guard`. It narrows what a peer can do; who may be a peer is for TLS.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tornado.iostream import IOStream

WORK = ("edgebench.fleet.work", "perform")
"""The one function that tasks call."""
ALLOWED = frozenset(
    {
        WORK,
        ("builtins", "bytes"), ("builtins", "str"), ("builtins", "Exception"), ("builtins", "MemoryError"),
        ("dask._expr", "Expr._reconstruct"), ("dask._expr", "LLGExpr"),
        ("dask._task_spec", "Task"),
        ("distributed.scheduler", "KilledWorker"), ("distributed.scheduler", "WorkerState"),
        ("distributed.shuffle._worker_plugin", "ShuffleWorkerPlugin"),
    }
)  # fmt: skip
"""Module and name of everything that a pickle may name."""
MOST_BYTES = 64 * 2**20
"""The longest part of a message: contents travel in pieces of a fraction of it."""
_installing = threading.Lock()


class Refused(TypeError):  # noqa: N818 - never shown by itself; Dask takes a TypeError for what it cannot unpickle
    """A pickle names something that EdgeBench's tasks do not need, or a message is too long."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise Refused(f"a pickle names {module}.{name}, which no task of EdgeBench needs")
        return super().find_class(module, name)


class _Pickle:
    """Python's pickle, with `loads` that refuses names."""

    def __getattr__(self, name: str) -> Any:
        return getattr(pickle, name)

    @staticmethod
    def loads(data: Any, *, buffers: Iterable[Any] = ()) -> Any:
        """Unpickle; raises Refused."""
        return _Unpickler(io.BytesIO(data), buffers=buffers).load()


def install() -> None:
    """Have all of Dask in this process use it, from now on."""
    import distributed.client
    import distributed.protocol.pickle
    import distributed.scheduler
    from distributed.comm import tcp

    with _installing:
        if isinstance(distributed.protocol.pickle.pickle, _Pickle):
            return
        guarded: Any = _Pickle()
        for module in (distributed.protocol.pickle, distributed.client, distributed.scheduler):
            vars(module)["pickle"] = guarded
        read = tcp.read_bytes_rw

        async def bounded(stream: IOStream, n: int) -> Any:
            if n > MOST_BYTES:
                raise Refused(f"a message has a part of {n / 1e6:.0f} MB")
            return await read(stream, n)

        tcp.read_bytes_rw = bounded


def dask_setup(_server: Any) -> None:
    """Dask calls this where the module is named with --preload."""
    install()
