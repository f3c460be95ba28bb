"""A process that has libraries imported, and forks a child for each program that is asked of it (Linux).

`python -m edgebench.isolation.fork_server SOCKET LIBRARY...`, with the name of an abstract socket. Importing torch
takes seconds in every process; a child forked from here has it. Otherwise the child is as one that was started:
arguments, environment, working directory and streams are the asker's, it leads a session of its own, and it ends when
the asker does (`isolation.fork_client`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from edgebench.isolation.child import die_with_parent
from edgebench.isolation.python import PARENT

STREAMS = 3
HEAD_BYTES = 8


def serve(path: str, prepared: Callable[[str], object] = lambda _: None) -> None:
    """Fork for each connection; tell it the status at the end, and kill the child of one that is closed.

    `prepared` is called in each child with the module that it runs next.
    """
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"\0{path}")
    server.listen(64)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    running: dict[int, tuple[socket.socket, int]] = {}
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                asker, _ = server.accept()
                if child := _forked(asker, server, prepared):
                    running[child] = asker, os.pidfd_open(child)
                    for one in running[child]:
                        selector.register(one, selectors.EVENT_READ, child)
            elif key.data in running:  # it ended, or its asker did
                asker, handle = running.pop(key.data)
                for one in (asker, handle):
                    selector.unregister(one)
                with contextlib.suppress(OSError):
                    os.killpg(key.data, signal.SIGKILL)  # with its session, as EdgeBench ends its children
                _, status = os.waitpid(key.data, 0)
                os.close(handle)
                with asker, contextlib.suppress(OSError):
                    asker.sendall(json.dumps(os.waitstatus_to_exitcode(status)).encode())


def _forked(asker: socket.socket, server: socket.socket, prepared: Callable[[str], object]) -> int:
    """Fork the child that a connection asks for; returns its process id, or 0 if the asker has gone."""
    head, streams, _, _ = socket.recv_fds(asker, HEAD_BYTES, STREAMS)
    text, piece = b"", head
    while piece and len(text) < int(head):
        piece = asker.recv(int(head) - len(text))
        text += piece
    child = os.fork() if piece else -1
    if child < 0:
        asker.close()
    if not child:
        server.close()
        asker.close()
        _become(json.loads(text), list(streams), prepared)
    for stream in streams:
        os.close(stream)
    return max(0, child)


def _become(asked: dict[str, Any], streams: list[int], prepared: Callable[[str], object]) -> NoReturn:
    """In a child: be `python -P -m MODULE ARGUMENTS...`."""
    if torch := sys.modules.get("torch"):
        # A fork makes torch's thread pool again at its next use; two threads that use it at once would find none.
        torch.set_num_threads(torch.get_num_threads())
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(asked["folder"])
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ.clear()
    os.environ.update(asked["environment"])
    if PARENT in os.environ:
        os.environ[PARENT] = str(os.getppid())
    own = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    sys.path[:] = own + [p for p in sys.path if p not in before]
    importlib.invalidate_caches()
    tempfile.tempdir = None
    random.seed()
    module, *arguments = asked["arguments"]
    sys.argv[:] = [module, *arguments]
    code = 0
    try:
        prepared(module)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    die_with_parent()
    for name in sys.argv[2:]:
        importlib.import_module(name)
    serve(sys.argv[1])
