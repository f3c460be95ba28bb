"""The child's side of `isolation.process`: it reads one JSON object, and answers with JSON lines.

Every worker of a run imports this, so it imports next to nothing.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from edgebench.core.errors import DiskFull
from edgebench.core.files import FULL, disk_full
from edgebench.isolation.python import PARENT

PR_SET_PDEATHSIG = 1
DISK_FULL = "disk full"
GARBAGE = 100_000
"""So many new objects make a collection. Importing torch makes a million, and none of them is garbage."""
_answers: list[IO[str]] = []
"""The stream of its answers."""


def answer_with(handle: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]) -> None:
    """Read the request, write what `handle` yields, and end. The process dies with its parent."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which gets it too, ends this process
    gc.set_threshold(GARBAGE)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _answers.append(out)
    request = json.loads(sys.stdin.read())
    try:
        for answer in handle(request):
            print(json.dumps(answer, allow_nan=False), file=out, flush=True)
    except DiskFull as full:
        print(json.dumps({DISK_FULL: str(full)}), file=out, flush=True)
    except OSError as error:
        if error.errno not in FULL:
            raise
        output = request.get("output")
        folder = Path(request.get("folder") or (Path(output).parent if output else Path.cwd()))
        print(json.dumps({DISK_FULL: disk_full(error, folder)}), file=out, flush=True)
    # All results are written. Taking torch down in order would take half a second.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def say(answer: dict[str, Any]) -> None:
    """Send an answer at once, in the middle of `handle`; outside of a child nothing happens."""
    for out in _answers:
        print(json.dumps(answer, allow_nan=False), file=out, flush=True)


def die_with_parent() -> None:
    """Have the system end this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have gone before the call. Its id is compared: in a container a living parent may well be 1.
        if os.environ.get(PARENT, str(os.getppid())) != str(os.getppid()):
            os._exit(1)
