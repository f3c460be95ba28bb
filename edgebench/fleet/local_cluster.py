"""A scheduler and build workers on this machine, for the time of a run: `--cluster local:N`."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edgebench.core.errors import PlanError, RemoteError
from edgebench.core.scratch import scratch_folder
from edgebench.isolation import python
from edgebench.isolation.process import end, start_tied
from edgebench.isolation.streams import Log

LOCAL = re.compile(r"local:(\d{1,3})")
START_S = 60.0
LOOK_S = 0.05


def count(address: str) -> int | None:
    """The number of workers of `local:N`; None for another address. Raises PlanError for none."""
    if not address.startswith("local"):
        return None
    found = LOCAL.fullmatch(address)
    if not found or not int(found[1]):
        raise PlanError(f"{address}: must be local:N, with N workers that build")
    return int(found[1])


@contextmanager
def started(workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers; all of them end with the block, or with this process."""
    with ExitStack() as held:
        folder = held.enter_context(scratch_folder())
        file = folder / "scheduler.json"
        words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--preload", "edgebench.fleet.guard"]
        scheduler, log = _start(held, "distributed.cli.dask_scheduler", *words, "--scheduler-file", str(file))
        address = _address(file, scheduler, log)
        for number in range(1, workers + 1):
            words = ["--connect", address, "--build", "--name", f"local-{number}"]
            _start(held, "edgebench", "worker", *words, "--folder", str(folder / f"local-{number}"))
        yield address


def _start(held: ExitStack, module: str, *words: str) -> tuple[subprocess.Popen[bytes], Log]:
    child = start_tied(python.command("-m", module, *words), subprocess.DEVNULL, subprocess.DEVNULL)
    held.callback(end, child)
    assert child.stderr
    return child, Log(child.stderr, lambda: end(child))


def _address(file: Path, scheduler: subprocess.Popen[bytes], log: Log) -> str:
    """The scheduler's address, from the file that it writes; raises RemoteError."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and scheduler.poll() is None:
        try:
            return str(json.loads(file.read_text())["address"])
        except (OSError, ValueError, KeyError):  # not there, or not whole yet
            time.sleep(LOOK_S)
    raise RemoteError(f"no scheduler could be started here: {log.last() or 'it did not answer'}")
