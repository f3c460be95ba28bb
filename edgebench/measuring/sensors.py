"""Temperature, clock and throttling at this moment, from sysfs and a Raspberry Pi's firmware; None where unknown.

Read in every worker process, so it imports next to nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

CPU = Path("/sys/devices/system/cpu")
THERMAL = Path("/sys/class/thermal")
VCGENCMD = Path("/usr/bin/vcgencmd")


def board() -> str:
    """The device tree's model, such as `Raspberry Pi 5 Model B Rev 1.0`; empty on a PC."""
    return read_text(Path("/proc/device-tree/model")).strip("\0")


def frequency_hz() -> float | None:
    """Current frequency of the first core."""
    khz = read_text(CPU / "cpu0/cpufreq/scaling_cur_freq")
    return float(khz) * 1000 if khz else None


def temperature_c() -> float | None:
    """Highest temperature of the system's thermal zones, in degrees Celsius."""
    readings = [read_text(zone) for zone in THERMAL.glob("thermal_zone*/temp")]
    values = [int(r) / 1000 for r in readings if re.fullmatch(r"-?\d+", r)]
    return max(values, default=None)


def throttle_events() -> int:
    """How often the processor was throttled for heat since it started, by Intel's counters."""
    counters = [read_text(p) for p in CPU.glob("cpu*/thermal_throttle/*_throttle_count")]
    return sum(int(c) for c in counters if c.isdigit())


def throttle_counters() -> str:
    """The source that reports throttling on this machine; empty where there is none."""
    if VCGENCMD.exists():
        return "vcgencmd get_throttled"
    return "Intel's counters" if any(CPU.glob("cpu*/thermal_throttle/*_throttle_count")) else ""


def throttled_bits() -> int:
    """What a Raspberry Pi's firmware tells of throttling (get_throttled), for `slowed_down`; 0 elsewhere."""
    if not VCGENCMD.exists():
        return 0
    import subprocess

    try:
        answer = subprocess.run([str(VCGENCMD), "get_throttled"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return 0
    match = re.search(r"0x([0-9a-fA-F]{1,8})\b", answer)
    return int(match[1], 16) if match else 0


def slowed_down(before: int, after: int) -> bool:
    """Whether a Raspberry Pi is throttled or capped now, or was so since `before`.

    Bits 1 to 3 tell of this moment. Bits 17 to 19 tell that it happened since the start of the machine, and stay: what
    was set before says nothing of the time between.
    """
    return bool(after & 0b1110 or after & ~before & (0b1110 << 16))


def read_text(path: Path) -> str:
    """The text of a system file without surrounding white space; empty where it cannot be read."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
