"""How the machine was while something was timed: the load of others, heat, throttling. Read before and after only."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.measuring import sensors

if TYPE_CHECKING:
    from edgebench.measuring.nvidia import Gpu

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
    throttled_bits: int = 0
    """The firmware's, of a Raspberry Pi; read before the clock."""
    gpu: Gpu | None = None
    """The GPU, where that is what computes."""
    gpu_throttled: Mapping[str, int] = field(default_factory=dict)
    """How long each limit had throttled it."""

    @classmethod
    def now(cls, gpu: Gpu | None = None) -> Moment:
        """The counters."""
        return cls._read(gpu, sensors.throttled_bits())

    @classmethod
    def _read(cls, gpu: Gpu | None, bits: int) -> Moment:
        times = gpu.throttle_times() if gpu else {}
        return cls(time.perf_counter(), _busy(), time.process_time(), sensors.throttle_events(), bits, gpu, times)

    def since(self) -> dict[str, Any]:
        """What happened since this moment, and how the machine is now.

        `background_cores`: cores that others kept busy, on average; None over less than `SHORTEST_S`. `throttled`:
        slowed down for heat, power or voltage; `throttled_by` says what was, and by what. The temperature is that of
        what computes.
        """
        reasons = self.gpu.throttle_reasons() if self.gpu else []  # first: the clocks rise again when there is no work
        now = Moment._read(self.gpu, 0)
        bits = sensors.throttled_bits()  # last: it starts a process
        passed = now.clock_s - self.clock_s
        others = (now.busy_s - self.busy_s) - (now.own_s - self.own_s)
        reasons += [name for name, time_ in now.gpu_throttled.items() if time_ > self.gpu_throttled.get(name, time_)]
        slowed = [f"GPU: {reason}" for reason in reasons]
        if now.throttle_events > self.throttle_events or sensors.slowed_down(self.throttled_bits, bits):
            slowed.append("processor: heat or low voltage")
        return {
            "background_cores": max(0.0, others / passed) if passed >= SHORTEST_S else None,
            "throttled": bool(slowed),
            "throttled_by": slowed,
            "temperature_c": self.gpu.temperature_c() if self.gpu else sensors.temperature_c(),
            "frequency_hz": sensors.frequency_hz(),
        }


def others(seconds: float) -> float:
    """How many of the cores that this process may use are busy with other work, over so many seconds from now."""
    before = Moment.now()
    time.sleep(seconds)
    return float(before.since()["background_cores"] or 0.0)


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _busy() -> float:
    """Seconds in which the cores that this process may use were not free, a hypervisor's share included."""
    if not STAT.exists():
        import psutil

        times = psutil.cpu_times()
        return float(times.user + times.system)
    mine = {f"cpu{core}" for core in cores()}
    lines = [line.split() for line in STAT.read_text().splitlines()]
    ticks = sum(int(n) for name, *rest in lines if name in mine for i, n in enumerate(rest) if i not in IDLE)
    return ticks / os.sysconf("SC_CLK_TCK")


def gpu_of(device: str) -> Gpu | None:
    """The GPU where that is the device that computes and NVML tells of it; else None."""
    if device != "cuda":
        return None
    from edgebench.measuring import nvidia

    with contextlib.suppress(nvidia.NoGpu):
        return nvidia.find()
    return None


def temperature_c(device: str) -> float | None:
    """Of the GPU on CUDA where NVML tells of it, else the highest of the machine; None where nothing shows any."""
    gpu = gpu_of(device)
    return gpu.temperature_c() if gpu else sensors.temperature_c()


def cool_down(limit_c: float, longest_s: float, tell: Callable[[str], None], device: str = "cpu") -> bool:
    """Wait until what computes is at most so warm; False where it was not in time, or shows no temperature.

    `tell` gets a line with the temperature and the seconds that are left, each second.
    """
    end = time.monotonic() + longest_s
    while (now := temperature_c(device)) is not None:
        left = end - time.monotonic()
        if now <= limit_c:
            return True
        if left <= 0:
            return False
        tell(f"cooling down: {now:.0f} °C, wanted {limit_c:.0f} °C, {left:.0f} s at most")
        time.sleep(min(POLL_S, left))
    return False
