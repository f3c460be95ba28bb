"""Evict a file from the page cache, so that the next read comes from the disk as after a restart."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path


def evict(path: Path) -> bool:
    """Evict the file's pages; returns whether none is left in the cache.

    Linux drops clean pages that no process has mapped (posix_fadvise(2), POSIX_FADV_DONTNEED). A file in memory
    (tmpfs) cannot be evicted.
    """
    if sys.platform != "linux":
        return False
    with path.open("rb") as file:
        try:
            os.fdatasync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            return False
    return cached_pages(path) == 0


def cached_pages(path: Path) -> int | None:
    """Number of the file's pages in the page cache (mincore(2)); None where the system does not report it."""
    size = path.stat().st_size
    if not size:
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) as mapped:
        resident = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
        address = ctypes.addressof(first := ctypes.c_char.from_buffer(mapped))
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), resident)
        del first  # the mapping cannot be closed while something points into it
    return None if done else sum(page & 1 for page in resident)
