"""A memory limit that the kernel enforces: a cgroup v2 for one child process.

It bounds the real memory of the process (private memory, page cache of files that it reads, the kernel's share), where
RLIMIT_AS can bound address space only. The kernel frees page cache before it ends a process, so that reading a file
never exceeds the limit.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
OWN = Path("/proc/self/cgroup")
ENTER = 'echo 0 > "$0" && exec "$@"'
"""A shell that enters the group and then becomes the command: Python's own memory counts from its first page on."""
REMOVAL_S = 5.0
"""Seconds to wait for the kernel to clean up after a process has ended."""
_numbers = itertools.count()


class NoCgroup(Exception):  # noqa: N818 - never shown by itself: its line says why there is none
    """This process cannot make a group with a limit of memory; the text says why."""


@dataclass(frozen=True)
class Group:
    """A separate cgroup for one process and its children."""

    folder: Path

    @property
    def prefix(self) -> Sequence[str]:
        """The prefix of a command that runs in the group."""
        return ("/bin/sh", "-c", ENTER, str(self.folder / "cgroup.procs"))

    def killed(self) -> bool:
        """Whether the kernel killed one of its processes for exceeding the limit."""
        return _numbers_of(self.folder / "memory.events").get("oom_kill", 0) > 0


@contextmanager
def limited(limit_bytes: int) -> Iterator[Group]:
    """A new group with a limit in bytes and no swap; it is removed afterwards, with everything that runs in it.

    Raises NoCgroup.
    """
    with _new(home()) as group:
        try:
            (group.folder / "memory.max").write_text(str(limit_bytes))
            if (swap := group.folder / "memory.swap.max").exists():  # not where the kernel does not count swap
                swap.write_text("0")
        except OSError as error:
            raise NoCgroup(f"{group.folder}: {error.strerror}") from None
        yield group


def unavailable() -> str:
    """Why there can be no such group here, in one line; empty where there can."""
    try:
        home()
    except NoCgroup as none:
        return str(none)
    return ""


@functools.cache
def home() -> Path:
    """Where groups can be made: the nearest group above this process whose children have the memory controller.

    One attempt, with a process that does nothing, checks it. The controllers of existing groups stay unchanged.
    Raises NoCgroup.
    """
    mount, own = _mount(), _own()
    if "memory" not in _words(mount / "cgroup.controllers"):
        raise NoCgroup("cgroup v2 has no memory controller here")
    above = [mount / own, *(mount / own).parents]
    for folder in above[: above.index(mount) + 1]:
        if "memory" in _words(folder / "cgroup.subtree_control") and os.access(folder, os.W_OK):
            return _tried(folder)
    raise NoCgroup("no group above this process lets it make one with the memory controller")


def _tried(folder: Path) -> Path:
    with _new(folder) as group:
        try:
            (group.folder / "memory.max").write_text("max")
            done = subprocess.run([*group.prefix, "true"], capture_output=True)
        except OSError as error:
            raise NoCgroup(f"{folder}: {error.strerror}") from None
    if done.returncode:
        raise NoCgroup(f"{folder}: this process may not move another into a group of it")
    return folder


@contextmanager
def _new(home: Path) -> Iterator[Group]:
    """An empty group without any limit; raises NoCgroup."""
    folder = home / f"edgebench-{os.getpid()}-{next(_numbers)}"
    try:
        folder.mkdir()
    except OSError as error:
        raise NoCgroup(f"{folder}: {error.strerror}") from None
    try:
        yield Group(folder)
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a group with everything that still runs in it; a group that the kernel does not release in time stays."""
    with contextlib.suppress(OSError):
        (folder / "cgroup.kill").write_text("1")  # since Linux 5.14
    end = time.monotonic() + REMOVAL_S
    while folder.exists() and time.monotonic() < end:
        with contextlib.suppress(OSError):
            folder.rmdir()
            return
        time.sleep(0.01)


def _mount() -> Path:
    """Where cgroup v2 is mounted."""
    with contextlib.suppress(OSError):
        for line in MOUNTS.read_text().splitlines():
            _, where, kind, *_ = line.split()
            if kind == "cgroup2":
                return Path(where)
    raise NoCgroup("no cgroup v2 is mounted")


def _own() -> str:
    """This process's group, below the mount."""
    with contextlib.suppress(OSError):
        for line in OWN.read_text().splitlines():
            if line.startswith("0::/"):
                return line.removeprefix("0::/")
    raise NoCgroup("this process is in no group of cgroup v2")


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _numbers_of(file: Path) -> dict[str, int]:
    """A file of names and numbers, such as memory.events."""
    words = _words(file)
    return {name: int(number) for name, number in zip(words[::2], words[1::2], strict=False)}
