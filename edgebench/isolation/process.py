"""Child processes that may crash, hang or be killed without harm to the parent.

The child gets one JSON object on its standard input and answers with JSON lines on its standard output. The output
of libraries in it goes to standard error, whose last line explains a crash.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import selectors
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from edgebench.core.errors import DiskFull
from edgebench.core.files import FULL

if TYPE_CHECKING:
    import subprocess

PR_SET_PDEATHSIG = 1
DISK_FULL = "disk full"
PARENT = "EDGEBENCH_PARENT"
"""Environment variable that holds the parent's process id for a child."""
GARBAGE = 100_000
"""In a child: so many new objects make a collection. Importing torch makes a million, and none of them is garbage."""
_answers: list[IO[str]] = []
"""In a child: the stream of its answers."""
_running: set[subprocess.Popen[bytes]] = set()


class ChildError(Exception):
    """The child ended without finishing; the text says how. Never shown by itself: it becomes a cell's reason."""

    def __init__(self, reason: str, timeout: bool = False) -> None:
        super().__init__(reason)
        self.timeout = timeout


def ask(
    module: str,
    request: dict[str, Any],
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """Run `python -m module` in a fresh process with `request`; yield its answers as they come.

    `timeout_s` bounds the wait for each answer and for the end. `environment` overrides this process's variables;
    `prefix` is a command that runs the one behind it in the same process.
    The child is in a session of its own, so that Ctrl-C reaches only the parent, which ends it on the way out.
    Raises ChildError if the child crashes or hangs, DiskFull if it finds no space.
    """
    import subprocess  # not in a child, which answers only

    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            [*prefix, sys.executable, "-m", module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            env={**os.environ, **(environment or {}), PARENT: str(os.getpid())},
        )  # fmt: skip
        assert child.stdin and child.stdout
        _running.add(child)
        try:
            try:
                child.stdin.write(json.dumps(request).encode())
                child.stdin.close()
            except BrokenPipeError:
                pass  # it died at once: its exit status says more
            for line in lines(child.stdout, timeout_s):
                answer = json.loads(line)
                if DISK_FULL in answer:
                    raise DiskFull(answer[DISK_FULL])
                yield answer
            _await_end(child, timeout_s)
            if child.returncode:
                raise ChildError(_reason(child.returncode, log))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise ChildError(f"no answer within {timeout_s:g} s", timeout=True) from None
        finally:
            _running.discard(child)
            _end(child)
            child.stdout.close()


def _await_end(child: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Wait for the end of a child; raises TimeoutExpired. Popen's own wait looks only every 50 ms."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # an old kernel, or a sandbox, has no such call
            handle = os.pidfd_open(child.pid)
            try:
                with selectors.DefaultSelector() as selector:
                    selector.register(handle, selectors.EVENT_READ)
                    selector.select(timeout_s)
                    timeout_s = 0.01
            finally:
                os.close(handle)
    child.wait(timeout_s)


def end_children() -> None:
    """Kill every running child; threads that wait for one then get a ChildError."""
    for child in list(_running):
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def answer_with(handle: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]) -> None:
    """The child's side: read the request, write what `handle` yields, and end. The process dies with its parent."""
    die_with_parent()
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
        print(
            json.dumps({DISK_FULL: f"no space left while writing {error.filename or 'a file'}"}), file=out, flush=True
        )
    # All is written and told. Taking torch down in order would take half a second.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def say(answer: dict[str, Any]) -> None:
    """In a child: send an answer at once, in the middle of `handle`; outside of a child nothing happens."""
    for out in _answers:
        print(json.dumps(answer, allow_nan=False), file=out, flush=True)


def lines(stream: IO[bytes], timeout_s: float) -> Iterator[bytes]:
    """The lines of a pipe; TimeoutError where the next one takes too long."""
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        deadline = time.monotonic() + timeout_s
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            part = os.read(stream.fileno(), 65536)
            if not part:
                return
            buffer += part
            *whole, buffer = buffer.split(b"\n")
            for line in whole:
                yield line
                deadline = time.monotonic() + timeout_s


def _reason(status: int, log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    last = lines[-1][:300] if lines else ""
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (out of memory, or killed from outside)" if -status == signal.SIGKILL else ""
        return f"the process was ended by {name}{hint}" + (f"; it last said: {last}" if last else "")
    return last or f"the process ended with status {status}"


def die_with_parent() -> None:
    """In a child: have the system end this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have gone before the call. Its id is compared: in a container a living parent may well be 1.
        if os.environ.get(PARENT, str(os.getppid())) != str(os.getppid()):
            os._exit(1)
