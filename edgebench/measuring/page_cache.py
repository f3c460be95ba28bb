"""Put a file out of the page cache, so that the next read comes from the disk as after a power-up."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path


def evict(path: Path) -> bool:
    """Ask the system to forget the file's pages; True where it is seen to have forgotten all of them.

    Linux drops clean pages that no process has mapped (posix_fadvise(2), POSIX_FADV_DONTNEED). A file in memory
    (tmpfs) has no disk behind it and stays: False.
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
    """How many of the file's pages are in the page cache (mincore(2)); None where the system does not tell."""
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
