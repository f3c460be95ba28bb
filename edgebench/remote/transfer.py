"""Files to and from a device by the system's own `sftp`, bounded in bytes and in time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError
from edgebench.core.files import PART, disk_full_at
from edgebench.core.scratch import scratch_folder
from edgebench.isolation.process import end, start_tied
from edgebench.isolation.streams import LineTooLong, Log, lines
from edgebench.remote.openssh import CONNECTION_FAILED, ConnectionLost, not_installed, options

FILE_BYTES = 256 * 2**20
"""The largest file that is taken from a device."""
ALL_BYTES = 4 * 2**30
"""All files that are taken from a device for one run."""
LOOK_S = 0.5
FOREVER_S = 20 * 86400.0
"""sftp says nothing during a file: a watcher bounds its time."""


def put(target: Target, home: str, contents: Mapping[str, Path], begun: Collection[str] = ()) -> Iterator[str]:
    """Send files into the device's store as NAME.part; those that were `begun` go on. Yields a line a file."""
    commands = [
        f"put {'-a ' if name in begun else ''}{quoted(path)} {quoted(f'{home}/files/{name}.part')}"
        for name, path in contents.items()
    ]
    for line in _sftp(target, commands):
        if line.startswith("sftp> put"):
            yield line


def get(target: Target, remote: str, names: Sequence[str], folder: Path) -> None:
    """Fetch these files of a folder on the device to the same places in `folder`; one that is not there is left out.

    Raises RemoteError where they are larger than a run's files, ConnectionLost, DiskFull.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".fetch{PART}", dir=folder) as name:
        scratch = Path(name)
        # They arrive under numbers, so that nothing but this list decides where a file lies here.
        commands = [f"-get {quoted(f'{remote}/{name}')} {number}" for number, name in enumerate(names)]
        for _ in _sftp(target, commands, scratch, FILE_BYTES):
            pass
        for number, name in enumerate(names):
            found = scratch / str(number)
            if found.is_file() and not found.is_symlink():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                found.replace(folder / name)


def _sftp(
    target: Target, commands: Sequence[str], cwd: Path | None = None, file_bytes: int | None = None
) -> Iterator[str]:
    """What sftp says while it carries out the commands."""
    with scratch_folder() as scratch:
        batch = scratch / "commands"
        batch.write_bytes(b"".join(os.fsencode(command) + b"\n" for command in commands))
        words = ["sftp", "-b", str(batch), *options(target), "--", target.ssh]
        try:
            child = start_tied(words, subprocess.DEVNULL, subprocess.PIPE, str(cwd) if cwd else None, file_bytes)
        except FileNotFoundError:
            raise not_installed("sftp") from None
        assert child.stdout and child.stderr
        log = Log(child.stderr, lambda: end(child))
        watch = _Watch(child, cwd, target.ssh_timeout_s)
        try:
            for line in lines(child.stdout, FOREVER_S):
                yield line.decode(errors="replace")
            child.wait()
        except LineTooLong:
            raise RemoteError(f"{target.ssh}: sftp: a line that has no end") from None
        finally:
            watch.ended.set()
            end(child)
            child.stdout.close()
    _check(child.returncode, log, watch, target, cwd)


def _check(status: int, log: Log, watch: _Watch, target: Target, cwd: Path | None) -> None:
    """Raise the error that ended sftp, if one did."""
    if watch.reason:
        raise ConnectionLost(watch.reason) if watch.silent else RemoteError(f"{target.ssh}: {watch.reason}")
    text = log.text()
    if "File too large" in text:
        raise RemoteError(f"{target.ssh}: sends a file of over {FILE_BYTES / 1e6:.0f} MB")
    if cwd and "No space left" in text:
        with disk_full_at(cwd):
            raise OSError(28, "No space left on device")
    if status:
        said = f"sftp: {log.last() or 'it failed without a message'}"
        broken = status == CONNECTION_FAILED or "onnection" in said or "roken pipe" in said
        raise ConnectionLost(said) if broken else RemoteError(f"{target.ssh}: {said}")


class _Watch(threading.Thread):
    """Ends an sftp that moves no byte for a while, or that fetches more than any run has."""

    def __init__(self, child: subprocess.Popen[bytes], folder: Path | None, silence_s: float) -> None:
        super().__init__(daemon=True)
        self._child, self._folder, self._silence_s = child, folder, silence_s
        self.reason, self.silent = "", False
        self.ended = threading.Event()
        self.start()

    def run(self) -> None:
        """Look until it has ended."""
        moved, quiet_s = -1, 0.0
        while not self.ended.wait(LOOK_S):
            now = self._moved()
            quiet_s = quiet_s + LOOK_S if now == moved else 0.0
            moved = now
            self.silent = quiet_s > self._silence_s
            if self.silent:
                self.reason = f"sftp: no data for {self._silence_s:g} s"
            elif self._folder and _bytes_in(self._folder) > ALL_BYTES:
                self.reason = f"sends over {ALL_BYTES / 1e9:.0f} GB"
            if self.reason:
                end(self._child)
                break

    def _moved(self) -> int:
        """Bytes that sftp has read and written; a new number each time where the system does not count them."""
        try:
            counted = psutil.Process(self._child.pid).io_counters()
            return int(counted.read_chars + counted.write_chars)
        except (psutil.Error, AttributeError, NotImplementedError, OSError):
            return hash(object())


def _bytes_in(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                total += path.stat().st_size
    return total


def quoted(path: Path | str) -> str:
    """A path for sftp: in quotes, where it expands nothing; raises RemoteError.

    A line's end in it would begin a command of its own, and sftp has one that runs programs here.
    """
    text = str(path)
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise RemoteError(f"{text!r:.100}: sftp takes no path with control characters; use another folder or name")
    for character in '\\"':
        text = text.replace(character, f"\\{character}")
    return f'"{text}"'
