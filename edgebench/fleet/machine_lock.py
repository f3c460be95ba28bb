"""One lock for a machine: whoever measures has it alone, others share it.

It is the lock that an agent over SSH takes, too. Several workers of one machine, and the runs of several clients, wait
for each other by it. Who waits for the lock alone lets no further one share it, so that builds cannot keep a
measurement waiting for ever.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_S = 0.1


@contextmanager
def held(home: Path, alone: bool, look: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the lock while the block runs; `look` is called while it waits, and may raise."""
    with _locked(home / "turn", True, look) as turn, _locked(home / "lock", alone, look):
        fcntl.flock(turn, fcntl.LOCK_UN)
        yield


@contextmanager
def _locked(path: Path, alone: bool, look: Callable[[], object]) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                look()
                time.sleep(LOOK_S)
        yield handle
    finally:
        os.close(handle)
