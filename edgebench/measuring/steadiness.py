"""How the machine was while something was timed: the load of others, heat, throttling. Read before and after only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from edgebench.measuring import environment

STAT = Path("/proc/stat")
IDLE = (3, 4, 8, 9)
"""Fields of a core's line there that are no work of its own: idle, iowait, and guests, who are in `user` already."""
SHORTEST_S = 0.2
"""The counters tick a hundred times a second: over less, a tick would look like a busy core."""
POLL_S = 1.0
"""Seconds between two looks at a temperature that is waited for."""


@dataclass(frozen=True)
class Moment:
    """What counters said at one moment, in seconds since some start; `since` makes sense of two."""

    clock_s: float
    busy_s: float
    """Of all cores together that this process may use."""
    own_s: float
    """Of this process, all its threads."""
    throttle_events: int

    @classmethod
    def now(cls) -> Moment:
        """The counters."""
        return cls(time.perf_counter(), _busy(), time.process_time(), environment.throttle_events())

    def since(self) -> dict[str, Any]:
        """What happened since this moment, and how the machine is now.

        `background_cores`: cores that others kept busy, on average; None over less than `SHORTEST_S`. `throttled`:
        slowed down for heat or voltage.
        """
        now = Moment.now()
        passed = now.clock_s - self.clock_s
        others = (now.busy_s - self.busy_s) - (now.own_s - self.own_s)
        return {
            "background_cores": max(0.0, others / passed) if passed >= SHORTEST_S else None,
            "throttled": now.throttle_events > self.throttle_events or environment.throttled_now(),
            "temperature_c": environment.temperature_c(),
            "frequency_hz": environment.frequency_hz(),
        }


def _busy() -> float:
    """Seconds in which the cores that this process may use were not free, a hypervisor's share included."""
    if not STAT.exists():
        times = psutil.cpu_times()
        return float(times.user + times.system)
    mine = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    lines = [line.split() for line in STAT.read_text().splitlines()]
    ticks = sum(int(n) for name, *rest in lines if name in mine for i, n in enumerate(rest) if i not in IDLE)
    return ticks / os.sysconf("SC_CLK_TCK")


def cool_down(limit_c: float, longest_s: float, tell: Callable[[str], None]) -> bool:
    """Wait until the machine is at most so warm; False where it was not in time, or shows no temperature.

    `tell` gets a line with the temperature and the seconds that are left, each second.
    """
    end = time.monotonic() + longest_s
    while (now := environment.temperature_c()) is not None:
        left = end - time.monotonic()
        if now <= limit_c:
            return True
        if left <= 0:
            return False
        tell(f"cooling down: {now:.0f} °C, wanted {limit_c:.0f} °C, {left:.0f} s at most")
        time.sleep(min(POLL_S, left))
    return False
