"""Two workers that import their runtimes side by side, and then measure one after the other.

They share a file: each appends a byte when it has imported, and locks the file while it measures.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PAIR = 2
"""Workers that share a file."""
POLL_S = 0.02


def arrive(path: str) -> None:
    """Note that a worker has imported, or has ended: the other one need not wait for it."""
    with Path(path).open("ab") as file:
        file.write(b".")


@contextmanager
def measuring(path: str, waits: Callable[[], object]) -> Iterator[None]:
    """Run the block when the other worker has imported and does not measure; `waits` is called while it does.

    Without a path there is no other worker.
    """
    if not path:
        yield
        return
    arrive(path)
    with Path(path).open("rb") as file:
        while Path(path).stat().st_size < PAIR or not _locked(file.fileno()):
            waits()
            time.sleep(POLL_S)
        yield  # closing the file unlocks it, and so does the end of the process


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
