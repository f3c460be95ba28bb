"""Energy of a prediction, where a counter tells it: an estimate, since the counter sees the whole processor or board.

Three sources: RAPL, the processor package's counter on Intel and AMD (Linux powercap); NVML, the counter of an NVIDIA
GPU; the power management chip of a Raspberry Pi 5, which tells volts and amperes and is sampled in a loop of its own.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.measuring import sensors

POWERCAP = Path("/sys/class/powercap")
VCGENCMD = str(sensors.VCGENCMD)
SAMPLED_S = 1.0
"""How long the Pi's rails are sampled while predictions run."""


@dataclass(frozen=True)
class Meter:
    """A counter of energy; `joules` is None where there is none."""

    source: str
    joules: Callable[[], float | None]
    why_not: str = ""
    """One line where there is no counter."""


def meter(device: str) -> Meter:
    """The counter of the device that computes: the GPU's on CUDA, else the processor packages'."""
    return _gpu() if device == "cuda" else _packages()


def _packages() -> Meter:
    # Other zones are parts of a package, or the whole platform (psys), which contains them all.
    zones = [z for z in sorted(POWERCAP.glob("intel-rapl:*")) if sensors.read_text(z / "name").startswith("package")]
    counters = [zone / "energy_uj" for zone in zones]
    if not counters:
        return Meter("", lambda: None, f"no RAPL counter ({POWERCAP} has none; virtual machines hide it)")
    if not all(map(sensors.read_text, counters)):
        return Meter("", lambda: None, f"RAPL is not readable (as root: chmod a+r {counters[0]})")
    last = {c: _microjoules(c) for c in counters}
    total = dict.fromkeys(counters, 0)

    def joules() -> float:
        for counter in counters:
            now = _microjoules(counter)
            # It starts again at zero after its largest value.
            around = _microjoules(counter.parent / "max_energy_range_uj") if now < last[counter] else 0
            total[counter] += now - last[counter] + around
            last[counter] = now
        return sum(total.values()) / 1e6

    return Meter("RAPL, whole package", joules)


def _gpu() -> Meter:
    from edgebench.measuring import nvidia

    try:
        gpu = nvidia.find()
    except nvidia.NoGpu as none:
        return Meter("", lambda: None, str(none))
    if gpu.joules() is None:
        return Meter("", lambda: None, "NVML: this GPU has no counter of energy")
    return Meter("NVML, whole GPU", gpu.joules)


def sampled(predict: Callable[[int], object]) -> dict[str, Any]:
    """Energy of one prediction from a Raspberry Pi 5's rails, read while predictions run; empty elsewhere."""
    if watts() is None:
        return {}
    import threading

    powers: list[float] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            if (now := watts()) is not None:
                powers.append(now)
            ended.wait(SAMPLED_S / 20)

    looker = threading.Thread(target=look)
    done, started = 0, time.perf_counter()
    looker.start()
    while time.perf_counter() - started < SAMPLED_S:
        predict(done)
        done += 1
    spent = time.perf_counter() - started
    ended.set()
    looker.join()
    if not powers:
        return {}
    return {"energy_j": sum(powers) / len(powers) * spent / done, "energy_source": "PMIC, whole board's rails"}


def watts() -> float | None:
    """What the rails of a Raspberry Pi 5 take together at this moment; None on any other machine."""
    if "Raspberry Pi 5" not in sensors.board() or not os.access(VCGENCMD, os.X_OK):
        return None
    import subprocess

    try:
        said = subprocess.run([VCGENCMD, "pmic_read_adc"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    return power_of(said)


def power_of(said: str) -> float | None:
    """Watts by `vcgencmd pmic_read_adc`: of each rail, `NAME_A current(N)=XA` times `NAME_V volt(N)=XV`."""
    found: dict[str, dict[str, float]] = {}
    for rail, kind, number in re.findall(r"(\w+)_([AV]) \w+\(\d+\)=([\d.]+)[AV]", said):
        found.setdefault(rail, {})[kind] = float(number)
    powers = [rail["A"] * rail["V"] for rail in found.values() if len(rail) == 2]
    return sum(powers) if powers else None


def _microjoules(counter: Path) -> int:
    return int(counter.read_text())
