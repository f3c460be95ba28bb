"""A connection to a device by the system's own `ssh`, with the user's configuration, keys and known hosts.

No password is asked for, and an unknown host key is refused. The options and messages of ssh go into no log, except
its last line where that is the reason of a failure.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any, TypeVar

from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError
from edgebench.isolation.process import end, start_tied
from edgebench.isolation.streams import LOG_BYTES, LineTooLong, Log, lines, send
from edgebench.remote import messages
from edgebench.remote.messages import Answer, Event
from edgebench.remote.openssh import CONNECTION_FAILED, ConnectionLost, not_installed, options

PING_S = 10.0
SILENCE_S = 90.0
"""Seconds without a message after which the device's end exits."""
ANSWER_S = 3600.0
"""Seconds without an answer, or an event before it, after which a request has failed: keep-alives do not count."""
CLOSE_S = 5.0
"""Seconds that ssh has to end by itself."""
BOOT = (
    'import sys, os; here = ("", os.getcwd()); sys.path[:] = [p for p in sys.path if p not in here]; '
    'n = int(sys.stdin.buffer.readline()); exec(compile(sys.stdin.buffer.read(n), "agent", "exec"))'
)
"""The program that runs the agent; it first takes the working directory off Python's path, whatever the version."""
REASONS = (
    ("IDENTIFICATION HAS CHANGED", "its host key has changed; if that is right: ssh-keygen -R, then connect by hand"),
    ("Host key verification failed", "its host key is not known here; check it and connect once by hand: ssh {host}"),
    ("Permission denied", "no key of yours is accepted there, and no password is asked for: ssh-copy-id {host}"),
)
"""Messages of ssh, each with its explanation."""
A = TypeVar("A")


class Link:
    """An open connection with the agent at its other end."""

    def __init__(self, target: Target, session: str) -> None:
        self._target, self._session = target, session
        self._child: subprocess.Popen[bytes] | None = None
        self._log: Log | None = None
        self._answers: Iterator[bytes] = iter(())
        self._received = 0
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self.home = ""
        self.machine = ""

    def __enter__(self) -> Link:
        try:
            self._open()
        except BaseException as error:
            self._close(CLOSE_S if isinstance(error, Exception) else 0)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # On Ctrl-C ssh is ended at once; the device's end then loses its connection, and ends as well.
        self._close(CLOSE_S if kind is None or issubclass(kind, Exception) else 0)

    @property
    def work(self) -> str:
        """The folder of this run's work on the device."""
        return f"{self.home}/work/{self._session}"

    def _open(self) -> None:
        target = self._target
        there = "'" + target.ssh_python.replace("'", "'\\''") + "'"
        words = ["ssh", "-T", *options(target), "--", target.ssh, f"exec {there} -u -c '{BOOT}'"]
        try:
            # In a session of its own, so that Ctrl-C reaches this process only, and no terminal is there to ask on.
            child = start_tied(words, subprocess.PIPE, subprocess.PIPE)
        except FileNotFoundError:
            raise not_installed("ssh") from None
        assert child.stdin and child.stdout and child.stderr
        self._child, self._log = child, Log(child.stderr, lambda: end(child))
        agent = (files("edgebench.remote") / "agent.py").read_bytes()
        self._write(f"{len(agent)}\n".encode() + agent)
        self._answers = lines(child.stdout, target.ssh_timeout_s, messages.LINE_BYTES)
        hello = self.ask(
            "hello", messages.Hello, target.ssh_timeout_s, folder=target.ssh_folder, session=self._session,
            silence_s=SILENCE_S,
        )  # fmt: skip
        if hello.busy:
            raise RemoteError(f"{target.ssh}: {messages.shown(hello.busy)}; wait for it to end")
        self.home, self.machine = hello.home, hello.machine
        threading.Thread(target=self._ping, daemon=True).start()

    def ask(
        self, do: str, kind: type[A], patience_s: float = ANSWER_S, heard: Callable[[Event], object] = lambda _: None,
        **fields: Any,
    ) -> A:  # fmt: skip
        """One request and its answer; the device's events before it go to `heard`.

        Raises RemoteError where the device refuses or its answer cannot be used, ConnectionLost where the connection
        ends, or where neither an event nor an answer comes for `patience_s` seconds.
        """
        self._write(json.dumps({"do": do, **fields}).encode() + b"\n")
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            message = messages.read(self._line())
            if isinstance(message, Answer):
                return messages.answer(kind, message.data, self._target.ssh, do)
            if message:
                heard(message)
                end_s = time.monotonic() + patience_s
        raise ConnectionLost(f"no answer to {do} within {patience_s:g} s")

    def _line(self) -> bytes:
        try:
            line = next(self._answers)
        except StopIteration:
            raise self._broken() from None
        except TimeoutError:
            raise ConnectionLost(f"no message for {self._target.ssh_timeout_s:g} s") from None
        except LineTooLong:
            raise RemoteError(f"{self._target.ssh}: sends a line that has no end") from None
        self._received += len(line) + 64  # so that empty lines have an end, too
        if self._received > messages.MOST_BYTES:
            raise RemoteError(f"{self._target.ssh}: sends more messages than any run has")
        return line

    def _write(self, data: bytes) -> None:
        """Send to the device; raises ConnectionLost where it takes nothing. The reader reports an ended ssh."""
        assert self._child and self._child.stdin
        try:
            with contextlib.suppress(BrokenPipeError, ValueError), self._writing:
                send(self._child.stdin, data, self._target.ssh_timeout_s)
        except TimeoutError:
            raise ConnectionLost(f"it takes no message for {self._target.ssh_timeout_s:g} s") from None

    def _ping(self) -> None:
        with contextlib.suppress(ConnectionLost):
            while not self._ended.wait(PING_S):
                self._write(b"{}\n")

    def _broken(self) -> Exception:
        """The exception to raise when the answers end."""
        assert self._child and self._log
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(10)
        text, host, status = self._log.text(), self._target.ssh, self._child.returncode
        if self._log.flooded:
            return RemoteError(f"{host}: writes over {LOG_BYTES / 1e6:.0f} MB to standard error")
        for said, meaning in REASONS:
            if said in text:
                return RemoteError(f"{host}: {meaning.format(host=host)}")
        last = self._log.last() or f"ssh ended with status {status}"
        if not self.home and status == CONNECTION_FAILED:
            return ConnectionLost(f"cannot be reached: {last}")
        if not self.home:
            return RemoteError(f"{host}: {self._target.ssh_python} cannot be run there: {last}")
        return ConnectionLost(last)

    def _close(self, wait_s: float) -> None:
        self._ended.set()
        if self._child:
            assert self._child.stdin and self._child.stdout
            with contextlib.suppress(OSError, ValueError):
                self._child.stdin.close()  # the agent ends its child processes and exits
            if wait_s:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._child.wait(wait_s)
            end(self._child)
            self._child.stdout.close()
