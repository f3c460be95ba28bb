"""Peak memory of a process that loads one artifact and predicts one record at a time."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

import psutil

from edgebench.contracts import Job
from edgebench.protocols import Runtime
from edgebench.signals import open_signals, to_millivolts

PREDICTIONS = 8


def measure(job: Job, runtime: Runtime) -> dict[str, Any]:
    """Peak resident memory of this process, and what the model added over the loaded runtime, in bytes.

    The runtime is imported and set up already; from there, the model's share is the new peak less what was resident.
    """
    mapped = open_signals(job.signals)
    records = [to_millivolts(mapped[i : i + job.batch]) for i in range(0, min(len(mapped), PREDICTIONS), job.batch)]
    earlier_peak = peak_rss()
    before = psutil.Process().memory_info().rss
    reset = _reset_peak()
    session = runtime.load(Path(job.path), job.artifact, job.device)
    for i in range(PREDICTIONS):
        session.predict(records[i % len(records)])
    peak = peak_rss()
    # Where the kernel cannot reset the peak, importing the runtime may have been higher than the model ever was.
    added = peak - before if reset or peak > earlier_peak else None
    return {
        "peak_rss_bytes": max(peak, earlier_peak),
        "model_rss_bytes": None if added is None else max(0, added),
        "peak_device_bytes": session.peak_device_bytes(),
    }


def peak_rss() -> int:
    """Highest resident set size of this process so far, in bytes."""
    if sys.platform == "linux":
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _reset_peak() -> bool:
    """Let the kernel forget the peak so far (Linux, proc(5): writing 5 to clear_refs); False where it cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True
