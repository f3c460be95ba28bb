"""Peak memory of a process that loads one artifact and predicts one record at a time."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ArtifactError
from edgebench.core.job_results import Memory
from edgebench.data.stored import Batches

if TYPE_CHECKING:
    from edgebench.core.contracts import Job
    from edgebench.core.protocols import Runtime, Session

PREDICTIONS = 8
STACK_BYTES = 16 * 2**20
"""Address space of one more thread: a stack, usually of 8 MiB, and what its runtime reserves besides."""


def measure(job: Job, runtime: Runtime) -> Memory:
    """Measure the resident memory of this process in bytes: its peak, and what model and runtime hold at the end.

    The runtime is imported and set up before. The model's share is the private memory that loading and some
    predictions add, plus the mapped pages of its own file, after the allocator has returned freed memory
    (malloc_trim). Freed copies of the file and temporary work space count in the peak only. The rest is the runtime's
    share, with the pages of its libraries that were used for the first time. Raises ArtifactError where the peak is
    above `job.memory_limit_bytes`. After `job.max_seconds` no further prediction begins.
    """
    found = Batches(job.input, *job.further)
    records = [found[i : i + job.batch] for i in range(0, min(len(found), PREDICTIONS), job.batch)]
    before = before_loading()
    begun = time.perf_counter()
    session = runtime.load(Path(job.path), job.artifact, job.device)
    for i in range(PREDICTIONS):
        if i and job.max_seconds is not None and time.perf_counter() >= begun + job.max_seconds:
            break
        session.predict(*records[i % len(records)])
    return of_session(job, session, before)


def before_loading() -> int:
    """Private bytes of this process before it loads the artifact."""
    give_back()
    return _private()


def of_session(job: Job, session: Session, before: int) -> Memory:
    """The memory as in `measure`, of a process that has predicted; `before` is what it had before loading."""
    peak = peak_rss()
    if job.memory_limit_bytes is not None and peak > job.memory_limit_bytes:
        raise ArtifactError(f"{peak / 1e6:.0f} MB of memory in use")
    give_back()
    model = max(0, _private() - before + _mapped(Path(job.path)))
    return Memory(peak, model, max(0, _resident() - model), session.peak_device_bytes())


def _private() -> int:
    """Resident memory that belongs to no file; all resident memory where the system does not separate the two."""
    found = _status("RssAnon:")
    return _resident() if found is None else found


def _resident() -> int:
    return _status("VmRSS:") or int(_asked().rss)


def _reserved() -> int:
    return _status("VmSize:") or int(_asked().vms)


def _asked() -> Any:
    """Ask psutil, only where there is no /proc, as on macOS: its import would slow down the start of each worker."""
    import psutil

    return psutil.Process().memory_info()


def _mapped(path: Path) -> int:
    """Bytes of a file that are mapped and resident: some runtimes map the file instead of reading it."""
    if sys.platform != "linux":
        return 0
    whole = str(path.resolve())
    resident, ours = 0, False
    for line in Path("/proc/self/smaps").read_text(errors="surrogateescape").splitlines():
        name, *rest = line.split(maxsplit=5)
        if not name.endswith(":"):  # addresses, rights, offset, device, inode, path
            ours = len(rest) == 5 and rest[4] == whole
        elif ours and name == "Rss:":
            resident += int(rest[0]) * 1024
    return resident


def _status(field: str) -> int | None:
    """A field of /proc/self/status, in bytes; None where there is none."""
    if sys.platform != "linux":
        return None
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return None


def bound(limit: int, threads: int) -> None:
    """Limit this process to about `limit` bytes of resident memory from here on, as on a smaller device.

    The kernel limits address space (RLIMIT_AS), of which a runtime reserves more than it uses. So the limit is the
    address space reserved now, plus what may still become resident, plus the stacks of threads that are still to start.
    It stops an artifact that needs far too much before it takes the whole machine. `measure` compares the memory that
    was really used with the limit, also under qemu-user, which accepts the limit and ignores it. Raises ArtifactError
    where nothing is left.
    """
    resident = _resident()
    if resident >= limit:
        raise ArtifactError(f"the runtime alone has {resident / 1e6:.0f} MB of memory in use")
    most = _reserved() + limit - resident + threads * STACK_BYTES
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def give_back() -> None:
    """Make glibc return freed memory to the system; do nothing without glibc."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def peak_rss() -> int:
    """Highest resident set size of this process so far, in bytes."""
    if (found := _status("VmHWM:")) is not None:
        return found
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
