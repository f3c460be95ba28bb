"""A process that has the build side's libraries imported, and forks a child for each program that is asked of it.

`python warm_server.py SOCKET`, a name without a file (Linux). Importing torch, timm and onnxscript takes seconds in
every process of a run. A child forked from here has them, but nothing of EdgeBench, and is otherwise as one that was
started: arguments, environment, working directory and streams are the asker's, it leads a session of its own, and it
ends when the asker does.
"""

from __future__ import annotations

import contextlib
import ctypes
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
import warnings
from pathlib import Path
from typing import Any, NoReturn

HERE = str(Path(__file__).parent)
LIBRARIES = (
    "torch", "torch.ao.quantization.quantize_fx", "torchvision", "timm", "torch_pruning", "onnx", "onnxscript",
    "onnxruntime.quantization", "safetensors.torch", "pandas", "jinja2", "tabulate", "matplotlib.pyplot", "plotly",
    "requests", "wfdb", "rich.live", "rich.table", "typer", "msgspec", "psutil",
)  # fmt: skip
STREAMS = 3
HEAD_BYTES = 8


def import_libraries() -> None:
    """What the children have from the start; an export of two weights imports the exporter's many parts."""
    for name in LIBRARIES:
        importlib.import_module(name)
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a fork has no threads of its parent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes: Any = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(
            torch.nn.Linear(2, 1).eval(), (torch.zeros(2, 2),), dynamo=True, verbose=False, dynamic_shapes=shapes
        )  # fmt: skip
    torch.set_num_threads(threads)


def become(asked: dict[str, Any], streams: list[int]) -> NoReturn:
    """In a child: be `python -P -m MODULE ARGUMENTS...`."""
    import torch

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
    if "EDGEBENCH_PARENT" in os.environ:
        os.environ["EDGEBENCH_PARENT"] = str(os.getppid())
    own = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    sys.path[:] = own + [p for p in sys.path if p not in before]
    importlib.invalidate_caches()
    tempfile.tempdir = None
    random.seed()
    module, *arguments = asked["arguments"]
    sys.argv[:] = [module, *arguments]
    code = 0
    try:
        if module == "edgebench":
            children_too(asked["socket"])
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def children_too(path: str) -> None:
    """The command line's children start from here too."""
    sys.path.append(HERE)
    import warm_children

    warm_children.state["on"] = True
    warm_children.start_from(lambda: path)
    sys.path.remove(HERE)


def serve(path: str) -> None:
    """Fork for each connection; tell it the status at the end, and kill the child of one that is closed."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"\0{path}")
    server.listen(64)
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    running: dict[int, tuple[socket.socket, int]] = {}
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                asker, _ = server.accept()
                if child := forked(asker, server, path):
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


def forked(asker: socket.socket, server: socket.socket, path: str) -> int:
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
        become({**json.loads(text), "socket": path}, list(streams))
    for stream in streams:
        os.close(stream)
    return max(0, child)


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it ends when the tests do
    import_libraries()
    gc.collect()
    gc.freeze()
    serve(sys.argv[1])
