"""Clocks that time sessions."""

from __future__ import annotations

import time
from typing import Any


class HostClock:
    """The monotonic clock of the host; for predictions that return when they are done."""

    def __init__(self) -> None:
        self._started = 0.0

    def start(self) -> None:
        """Begin."""
        self._started = time.perf_counter()

    def stop(self) -> float:
        """Seconds since `start`."""
        return time.perf_counter() - self._started


class CudaClock:
    """CUDA events on the current stream: the time on the device from the first operation to the end of the last."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self._begin, self._end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)

    def start(self) -> None:
        """Wait until the device is idle, then mark the beginning."""
        self._cuda.synchronize()
        self._begin.record()

    def stop(self) -> float:
        """Mark the end and wait for it; seconds."""
        self._end.record()
        self._end.synchronize()
        return float(self._begin.elapsed_time(self._end)) / 1000
