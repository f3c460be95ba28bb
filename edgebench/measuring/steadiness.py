"""How the machine was while something was timed: the load of others, heat, throttling. Read before and after only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from edgebench.measuring import environment

POLL_S = 1.0
"""Seconds between two looks at a temperature that is waited for."""


@dataclass(frozen=True)
class Moment:
    """What counters said at one moment, in seconds since some start; `since` makes sense of two."""

    clock_s: float
    busy_s: float
    """Of all cores together, with what a hypervisor took for other machines."""
    own_s: float
    """Of this process, all its threads."""
    throttle_events: int

    @classmethod
    def now(cls) -> Moment:
        """The counters."""
        times = psutil.cpu_times()
        busy = sum(
            getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal")
        )  # fmt: skip
        return cls(time.perf_counter(), busy, time.process_time(), environment.throttle_events())

    def since(self) -> dict[str, Any]:
        """What happened since this moment, and how the machine is now.

        `background_cores`: cores that others kept busy, on average. `throttled`: slowed down for heat or voltage.
        """
        now = Moment.now()
        passed = max(now.clock_s - self.clock_s, 1e-9)
        others = (now.busy_s - self.busy_s) - (now.own_s - self.own_s)
        return {
            "background_cores": max(0.0, others / passed),
            "throttled": now.throttle_events > self.throttle_events or environment.throttled_now(),
            "temperature_c": environment.temperature_c(),
            "frequency_hz": environment.frequency_hz(),
        }


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
