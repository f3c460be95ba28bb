"""A connection to a device by the system's own `ssh` and `sftp`, with the user's configuration, keys and known hosts.

No password is asked for, and an unknown host key is refused. The options and messages of ssh go into no log, except
its last line where that is the reason of a failure.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from edgebench.core.contracts import Target
from edgebench.core.errors import RemoteError
from edgebench.isolation.streams import lines

PING_S = 10.0
SILENCE_S = 90.0
"""Seconds without a message after which the device's end exits."""
CONNECTION_FAILED = 255
"""ssh's exit status for its own errors, not the remote command's."""
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


class ConnectionLost(Exception):  # noqa: N818
    """The connection broke off; the text says how. Never shown by itself."""


class Link:
    """An open connection with the agent at its other end."""

    def __init__(self, target: Target, session: str) -> None:
        self._target, self._session = target, session
        self._child: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._answers: Iterator[bytes] = iter(())
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self.home = ""
        self.machine = ""

    def __enter__(self) -> Link:
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _open(self) -> None:
        python = "'" + self._target.ssh_python.replace("'", "'\\''") + "'"
        self._child = _start(
            ["ssh", "-T", *options(self._target), "--", self._target.ssh, f"exec {python} -u -c '{BOOT}'"], self._log
        )
        agent = (files("edgebench.remote") / "agent.py").read_bytes()
        self._write(f"{len(agent)}\n".encode() + agent)
        assert self._child.stdout
        self._answers = lines(self._child.stdout, self._target.ssh_timeout_s)
        hello = self.ask("hello", folder=self._target.ssh_folder, session=self._session, silence_s=SILENCE_S)
        if "busy" in hello:
            raise RemoteError(f"{self._target.ssh}: {hello['busy']}; wait for it to end")
        self.home, self.machine = hello["home"], hello["machine"]
        threading.Thread(target=self._ping, daemon=True).start()

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """One request and its answer.

        Raises RemoteError where the device refuses, ConnectionLost where the connection ends.
        """
        for answer in self.messages(do, **fields):
            if answer.get("done"):
                return answer
        raise self._broken()

    def messages(self, do: str, **fields: Any) -> Iterator[dict[str, Any]]:
        """Send one request; yield the device's messages, the last of which is its answer and has `done`."""
        self._write(json.dumps({"do": do, **fields}).encode() + b"\n")
        while True:
            try:
                answer = json.loads(next(self._answers))
            except StopIteration:
                raise self._broken() from None
            except TimeoutError:
                raise ConnectionLost(f"no message for {self._target.ssh_timeout_s:g} s") from None
            except ValueError:
                continue  # a greeting that a shell's start-up file prints
            if not answer:
                continue  # a keep-alive
            if "error" in answer and answer.get("done"):
                raise RemoteError(f"{self._target.ssh}: {answer['error']}")
            yield answer
            if answer.get("done"):
                return

    def put(self, contents: Mapping[str, Path], begun: Collection[str] = ()) -> Iterator[str]:
        """Send files into the device's store as NAME.part; those that were `begun` go on. Yields a line a file."""
        commands = [
            f"put {'-a ' if name in begun else ''}{_quoted(path)} {_quoted(f'{self.home}/files/{name}.part')}"
            for name, path in contents.items()
        ]
        for line in self._sftp(commands):
            if line.startswith("sftp> put"):
                yield line

    def get(self, remote: str, folder: Path) -> None:
        """Fetch a folder to `folder`, which must not exist."""
        for _ in self._sftp([f"get -R {_quoted(remote)} {_quoted(folder)}"]):
            pass

    def _sftp(self, commands: list[str]) -> Iterator[str]:
        with tempfile.TemporaryFile() as log:
            child = _start(["sftp", "-b", "-", *options(self._target), "--", self._target.ssh], log)
            try:
                assert child.stdin and child.stdout
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.write("".join(c + "\n" for c in commands).encode())
                    child.stdin.close()
                for line in child.stdout:
                    yield line.decode(errors="replace")
                if status := child.wait():
                    said = f"sftp: {_last(log) or 'it failed without a message'}"
                    broken = status == CONNECTION_FAILED or "onnection" in said or "roken pipe" in said
                    raise ConnectionLost(said) if broken else RemoteError(f"{self._target.ssh}: {said}")
            finally:
                _end(child)

    def _write(self, data: bytes) -> None:
        assert self._child and self._child.stdin
        try:
            with self._writing:
                self._child.stdin.write(data)
                self._child.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # the reader gets the reason

    def _ping(self) -> None:
        while not self._ended.wait(PING_S):
            self._write(b"{}\n")

    def _broken(self) -> Exception:
        """The exception to raise when the answers end."""
        assert self._child
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(10)
        text, host = _text(self._log), self._target.ssh
        for said, meaning in REASONS:
            if said in text:
                return RemoteError(f"{host}: {meaning.format(host=host)}")
        last = _last(self._log) or f"ssh ended with status {self._child.returncode}"
        if not self.home and self._child.returncode == CONNECTION_FAILED:
            return ConnectionLost(f"cannot be reached: {last}")
        if not self.home:
            return RemoteError(f"{host}: {self._target.ssh_python} cannot be run there: {last}")
        return ConnectionLost(last)

    def _close(self) -> None:
        self._ended.set()
        if self._child:
            assert self._child.stdin
            with contextlib.suppress(OSError, ValueError), self._writing:
                self._child.stdin.close()  # the agent ends its child processes and exits
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(5)
            _end(self._child)
        self._log.close()


def options(target: Target) -> list[str]:
    """Options of ssh and sftp in addition to the user's configuration."""
    fixed = {
        "BatchMode": "yes", "StrictHostKeyChecking": "yes", "LogLevel": "ERROR", "ServerAliveInterval": "15",
        "ServerAliveCountMax": "4", "ConnectTimeout": f"{max(1, round(target.ssh_timeout_s))}",
    }  # fmt: skip
    config = ["-F", str(Path(target.ssh_config).expanduser())] if target.ssh_config else []
    return [*config, *(part for name, value in fixed.items() for part in ("-o", f"{name}={value}"))]


def _start(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        # In a session of its own, so that Ctrl-C reaches this process only, and no terminal is there to ask on.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    except FileNotFoundError:
        raise RemoteError(f"{command[0]} is not installed here: OpenSSH's client is needed") from None


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        time.sleep(0)
        child.wait()
    if child.stdout:
        child.stdout.close()


def _quoted(path: Path | str) -> str:
    """A path for sftp: in quotes, with the characters that it would expand escaped."""
    text = str(path)
    for character in '\\"*?[':
        text = text.replace(character, f"\\{character}")
    return f'"{text}"'


def _text(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")


def _last(log: IO[bytes]) -> str:
    found = [line.strip() for line in _text(log).splitlines() if line.strip()]
    return found[-1][:300] if found else ""
