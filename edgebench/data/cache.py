"""Folders of files that were made once, such as parsed records: opened in milliseconds, whole or made again.

An entry has a list with the size and CRC-32 of each of its files. It appears atomically: it is written beside its final
path, synced and renamed. Each opening compares the files with the list; an entry that was cut off or changed is made
again. The key must say everything that decides the content: an entry is never changed.
"""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgebench.core.errors import DataError
from edgebench.core.files import cache_dir, disk_full_at, sync, sync_all
from edgebench.core.left_over import remove_if_left_over
from edgebench.core.scratch import held

FORMAT = 2
"""Raised when the layout of an entry changes, so that old entries are not read."""
LIST = "files.json"
MOST_LISTED = 1 << 16
"""Bytes of the list."""
TRIES = 3
WORK, OLD_S = ".making-", 86_400.0
"""Folders of unfinished entries, and the age in seconds at which they are left over from a process that was killed."""
THERE = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


def folder_of(key: str, make: Callable[[Path], None]) -> Path:
    """The folder of that key, whole; `make` fills a fresh one with files if need be. Raises DiskFull, DataError."""
    folder = cache_dir() / key
    for _ in range(TRIES):
        if _is_whole(folder):
            return folder
        with disk_full_at(folder):
            with _writable(folder.parent):
                folder.parent.mkdir(parents=True, exist_ok=True)
                _remove_left_over(folder.parent)
                work = Path(tempfile.mkdtemp(prefix=f"{WORK}{key[:40]}.", dir=folder.parent))
            try:
                with held(work):
                    make(work)
                    _finish(work)
                    with _writable(folder.parent):
                        _publish(work, folder)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    raise DataError(f"{folder}: reads otherwise than it was written; check the disk, or set EDGEBENCH_CACHE to another")


def _is_whole(folder: Path) -> bool:
    """Whether every file is there as it was written."""
    try:
        with (folder / LIST).open("rb") as stream:
            crc, _, text = stream.read(MOST_LISTED).partition(b"\n")
        if int(crc) != zlib.crc32(text):
            return False
        return all([size, crc] == _size_and_crc(folder / name) for name, (size, crc) in json.loads(text).items())
    except (OSError, ValueError):
        return False


def _size_and_crc(path: Path) -> list[int]:
    size = crc = 0
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            size, crc = size + len(part), zlib.crc32(part, crc)
    return [size, crc]


def _finish(work: Path) -> None:
    """List the files and sync them all, so that a power cut leaves a whole entry or none."""
    text = json.dumps({path.name: _size_and_crc(path) for path in sorted(work.iterdir())}).encode()
    (work / LIST).write_bytes(b"%d\n%s" % (zlib.crc32(text), text))
    work.chmod(0o755)
    sync_all(work)


def _publish(work: Path, folder: Path) -> None:
    for _ in range(TRIES):
        try:
            work.rename(folder)
        except OSError as error:
            if error.errno not in THERE:
                raise
        else:
            sync(folder.parent)
            return
        # Another process has made the same entry meanwhile; by its key it has the same content. Else it is damaged.
        if _is_whole(folder):
            return
        away = Path(tempfile.mkdtemp(prefix=WORK, dir=folder.parent))
        try:
            with suppress(FileNotFoundError):
                folder.rename(away / "entry")
        finally:
            shutil.rmtree(away, ignore_errors=True)


def _remove_left_over(home: Path) -> None:
    now = time.time()
    for path in home.glob(f"{WORK}*"):
        with suppress(OSError):
            if now - path.stat().st_mtime > OLD_S:  # younger ones may not be marked yet
                remove_if_left_over(path)


@contextmanager
def _writable(home: Path) -> Iterator[None]:
    """Say how to choose another folder where this one cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        problem = f"{home}: the cache cannot be written ({error.strerror}); set EDGEBENCH_CACHE to another folder"
        raise DataError(problem) from None
