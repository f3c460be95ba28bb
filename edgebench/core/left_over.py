"""Files and folders that are not finished, locked while their process writes them.

The system releases a lock when its process ends, however it ends: what has none was left by a killed process, and the
next one that writes a file or folder of the same name removes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part-"
"""In the names of files and folders that are not finished."""


@contextmanager
def unfinished(path: Path, folder: bool = False) -> Iterator[Path]:
    """A new file or folder beside `path`, in use by this process while the block runs; the caller removes it."""
    _remove(path)
    prefix = f".{path.name}{PART}"
    while True:
        if folder:
            name = tempfile.mkdtemp(prefix=prefix, dir=path.parent)
            handle = os.open(name, os.O_RDONLY)
        else:
            handle, name = tempfile.mkstemp(prefix=prefix, suffix=path.suffix, dir=path.parent)
        with suppress(OSError):  # a file system without locks: nobody removes anything there
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            break
        os.close(handle)  # another process took it for left over before it was locked
    try:
        yield Path(name)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While the block runs, hold the file that is there now: a library may have put another in the place of ours."""
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # it is the one that is held already
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    """Remove what killed processes left of `path`."""
    left = re.compile(rf"{re.escape(f'.{path.name}{PART}')}[a-z0-9_]{{8}}({re.escape(path.suffix)})?")
    with suppress(OSError):
        for entry in os.scandir(path.parent):
            if left.fullmatch(entry.name):
                with suppress(OSError):
                    remove_if_left_over(Path(entry.path))


def remove_if_left_over(path: Path) -> None:
    """Remove a file or folder of this user's that no process holds; raises OSError where one does or none can say."""
    found = path.lstat()
    folder = stat.S_ISDIR(found.st_mode)
    if not (folder or stat.S_ISREG(found.st_mode)) or found.st_uid != os.getuid():
        return
    lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path) if folder else path.unlink()
    finally:
        os.close(lock)
