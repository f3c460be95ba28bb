"""Child processes that may crash, hang or be killed without harm to the parent.

The child gets one JSON object on its standard input and answers with JSON lines on its standard output
(`isolation.child`). The output of libraries in it goes to standard error, whose last line explains a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import DiskFull
from edgebench.core.scratch import scratch_folder
from edgebench.isolation import interrupts, python
from edgebench.isolation.child import DISK_FULL, PR_SET_PDEATHSIG
from edgebench.isolation.python import PARENT
from edgebench.isolation.streams import LOG_BYTES, LineTooLong, Log, lines, send

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from edgebench.isolation.forking import ForkServer

TIED = (
    "import ctypes, os, resource, sys\n"
    f"if sys.platform == 'linux': ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {int(signal.SIGKILL)})\n"
    "if sys.argv[1]: resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\n"
    f"if os.environ.pop('{PARENT}') == str(os.getppid()): os.execvp(sys.argv[2], sys.argv[2:])\n"
)
"""A program that ties itself to its parent's life and then becomes another one, which stays tied."""
SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Variables of a process that shares the cores: threads that wait in a busy loop would starve the others."""
_running: set[subprocess.Popen[bytes]] = set()
_closing: list[bool] = []
"""Not empty while children are being ended: one that starts now ends at once."""


class ChildError(Exception):
    """The child ended without finishing; the text says how. Never shown by itself: it becomes a cell's reason."""

    def __init__(self, reason: str, timeout: bool = False, signal: int = 0) -> None:
        super().__init__(reason)
        self.timeout, self.signal = timeout, signal


def ask(
    module: str,
    request: dict[str, Any],
    timeout_s: float,
    environment: Mapping[str, str] = SHARING,
    prefix: Sequence[str] = (),
    server: ForkServer | None = None,
) -> Iterator[dict[str, Any]]:
    """Run `python -m module` in a fresh process with `request`; yield its answers as they come.

    `timeout_s` bounds the wait for each answer and for the end. `environment` overrides this process's variables;
    `prefix` is a command that runs the one behind it in the same process. A `server` forks the process.
    The child is in a session of its own, so that Ctrl-C reaches only the parent, which ends it on the way out. Its
    temporary files lie in a folder of its own, which goes with it, also when it was killed.
    Raises ChildError if the child crashes or hangs, DiskFull if it finds no space, KeyboardInterrupt after one.
    """
    interrupts.check()
    try:
        with scratch_folder() as folder:
            yield from _asked(module, request, timeout_s, {**environment, "TMPDIR": str(folder)}, prefix, server)
    except ChildError as failure:
        if failure.signal in interrupts.SIGNALS:
            interrupts.check_soon()
        interrupts.check()  # a child that ended with this process did not fail
        raise


def _asked(
    module: str, request: dict[str, Any], timeout_s: float, environment: Mapping[str, str], prefix: Sequence[str],
    server: ForkServer | None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    command = server.command(module) if server else python.command("-m", module)
    child = subprocess.Popen(
        [*prefix, *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env=python.variables(environment),
    )  # fmt: skip
    assert child.stdin and child.stdout and child.stderr
    log = Log(child.stderr, lambda: end(child))
    _running.add(child)
    try:
        if _closing:
            raise ChildError("the run has ended")
        try:
            send(child.stdin, json.dumps(request).encode(), timeout_s)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it died at once: its exit status says more
        for line in lines(child.stdout, timeout_s):
            answer = json.loads(line)
            if DISK_FULL in answer:
                raise DiskFull(answer[DISK_FULL])
            yield answer
        _await_end(child, timeout_s)
        end(child)
        if child.returncode:
            raise ChildError(_reason(child.returncode, log), signal=max(0, -child.returncode))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise ChildError(f"no answer within {timeout_s:g} s", timeout=True) from None
    except LineTooLong:
        raise ChildError("it answered with a line that has no end") from None
    finally:
        _running.discard(child)
        end(child)
        child.stdout.close()


def _await_end(child: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Wait for the end of a child; raises TimeoutExpired. Popen's own wait looks only every 50 ms.

    Where the system can, the child is not yet reaped: its number then still names its session, for `end`.
    """
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # an old kernel, or a sandbox, has no such call
            handle = os.pidfd_open(child.pid)
            try:
                with selectors.DefaultSelector() as selector:
                    selector.register(handle, selectors.EVENT_READ)
                    if selector.select(timeout_s):
                        return
            finally:
                os.close(handle)
            raise subprocess.TimeoutExpired(child.args, timeout_s)
    child.wait(timeout_s)


def end_children() -> None:
    """Kill every running child; threads that wait for one then get a ChildError."""
    for child in list(_running):
        end(child)


def closing() -> bool:
    """Whether the children, and what else the threads of `waiting` wait for, are being ended."""
    return bool(_closing)


def _kill_children() -> None:
    for child in list(_running):
        _kill(child)


interrupts.at_last.append(_kill_children)


@contextmanager
def waiting(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for children. Where the block fails, no further child starts, and running ones are killed."""
    from concurrent.futures import ThreadPoolExecutor

    threads = ThreadPoolExecutor(count)
    try:
        yield threads
        threads.shutdown()
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        _closing.append(True)
        try:
            end_children()
            threads.shutdown()
        finally:
            _closing.pop()
        raise


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill a child that was started in a session of its own, and everything that it left in this session."""
    if child.returncode is None:
        _kill(child)
        child.wait()


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:  # not reaped: its number is still its own
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)


def start_tied(
    command: Sequence[str], stdin: int, stdout: int, cwd: str | None = None, file_bytes: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a foreign program in a session of its own; it dies with this process, even with a killed one.

    Its standard error is a pipe; `file_bytes` is the largest file that it can write. Raises FileNotFoundError where
    there is no such program.
    """
    import shutil

    if not shutil.which(command[0]):
        raise FileNotFoundError(command[0])
    limit = "" if file_bytes is None else str(file_bytes)
    return subprocess.Popen(
        python.command("-E", "-S", "-c", TIED, limit, *command), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
        start_new_session=True, env=python.variables(), cwd=cwd,
    )  # fmt: skip


def _reason(status: int, log: Log) -> str:
    last = log.last()
    if log.flooded:
        return f"it wrote over {LOG_BYTES / 1e6:.0f} MB to standard error, and was ended" + _said(last)
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (out of memory, or killed from outside)" if -status == signal.SIGKILL else ""
        return f"the process was ended by {name}{hint}" + _said(last)
    return last or f"the process ended with status {status}"


def _said(last: str) -> str:
    return f"; it last said: {last}" if last else ""
