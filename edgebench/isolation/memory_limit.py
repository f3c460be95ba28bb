"""Bounds the private memory of a process that opens a file of the user's: the file may claim any size."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPARE_BYTES = 4 * 2**30
"""For the libraries that open it."""
TIMES = 8
"""For its content, as a multiple of the file's size."""
LEAST_BYTES = 2**30
"""Also where less memory is free."""


def for_file(*paths: Path) -> int:
    """The bytes that opening a file, or several together, may take."""
    return SPARE_BYTES + TIMES * sum(path.stat().st_size for path in paths)


@contextmanager
def bounded(limit: int) -> Iterator[None]:
    """Bound this process's private memory while the block runs; the memory that is free now is a bound, too.

    What exceeds it raises MemoryError, or a library's own exception.
    """
    import psutil

    most = min(limit, max(LEAST_BYTES, psutil.virtual_memory().available))
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    with contextlib.suppress(OSError, ValueError):  # not every system has such a limit
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
