"""Folders for temporary files that are removed even when their process was killed: by the next process that needs one.

A folder is locked by the process that uses it. The system releases the lock when that process ends, however it ends, so
a folder without a lock is left over. Process ids or ages would not do: ids are used again, and clocks jump.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgebench.core.files import SCRATCH, disk_full_at
from edgebench.core.left_over import remove_if_left_over


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder in the system's folder of temporary files, removed at the end. Raises DiskFull."""
    home = Path(tempfile.gettempdir())
    _remove_left_over(home)
    with disk_full_at(home / f"{SCRATCH}x" / "x"):
        # It is locked before it has the name by which others look for what is left over.
        folder = Path(tempfile.mkdtemp(prefix=f".{SCRATCH}", dir=home))
    try:
        with held(folder) as locked:
            if locked:  # else it keeps its first name, which nobody looks for
                folder = folder.rename(home / folder.name.removeprefix("."))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Mark a folder as in use by this process; yields whether its file system can do so."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        locked = True
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            locked = False
        yield locked
    finally:
        os.close(lock)


@functools.cache
def _remove_left_over(home: Path) -> None:
    """Remove this user's folders that no process holds; once in a process, since `home` may be large."""
    with suppress(OSError):
        for entry in os.scandir(home):
            if entry.name.startswith(SCRATCH) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    remove_if_left_over(Path(entry.path))
