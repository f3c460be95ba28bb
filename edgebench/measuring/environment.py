"""What the machine is and how it is doing; every part is left out where the system does not tell it."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from edgebench import installing

PACKAGES = ("edgebench", "numpy", "torch", "onnx", "onnxruntime", "onnxruntime-gpu", "torchvision", "timm")
INSTRUCTION_SETS = (
    "avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "sve", "bf16",
)  # fmt: skip
"""Those that decide how fast int8 and float kernels are, as /proc/cpuinfo spells them."""
CPU = Path("/sys/devices/system/cpu")


def describe() -> dict[str, Any]:
    """Everything about the machine and the software that the numbers depend on."""
    facts = machine()
    return {
        **facts,
        "fingerprint": fingerprint(facts),
        "governor": _read(CPU / "cpu0/cpufreq/scaling_governor"),
        "frequency_hz": frequency_hz(),
        "temperature_c": temperature_c(),
        "load_average": os.getloadavg()[0],
        "packages": packages(),
    }


def machine() -> dict[str, Any]:
    """What does not change between runs: processor, instruction sets, cores, memory, system."""
    info = _cpuinfo()
    return {
        "architecture": architecture(),
        "cpu": info.get("model name") or info.get("Model") or platform.processor() or architecture(),
        "board": board(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count() or 1,
        "threads": os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
        "instruction_sets": instruction_sets(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "virtual": "hypervisor" in info.get("flags", ""),
        "cuda": cuda_devices(),
    }


def fingerprint(facts: dict[str, Any]) -> str:
    """Short hash of what makes two machines the same for a comparison of times."""
    kept = {k: facts[k] for k in ("architecture", "cpu", "board", "cores", "threads", "instruction_sets")}
    return hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:8]


def host_label(facts: dict[str, Any]) -> str:
    """What the column `host` says: processor, cores and fingerprint."""
    return f"{facts['board'] or facts['cpu']} ({facts['architecture']}, {facts['cores']} cores, {fingerprint(facts)})"


def architecture() -> str:
    """x86_64 or aarch64, whatever the system calls them."""
    return installing.architecture()


def board() -> str:
    """The device tree's model, such as `Raspberry Pi 5 Model B Rev 1.0`; empty on a PC."""
    return _read(Path("/proc/device-tree/model")).strip("\0")


def instruction_sets() -> list[str]:
    """Those of INSTRUCTION_SETS that the processor has."""
    info = _cpuinfo()
    flags = set((info.get("flags") or info.get("Features") or "").split())
    return [name for name in INSTRUCTION_SETS if name in flags]


def cuda_devices() -> list[str]:
    """Names of the CUDA devices that the driver shows; empty without a driver."""
    if not shutil.which("nvidia-smi"):
        return []
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in said.stdout.splitlines() if line.strip()] if said.returncode == 0 else []


def frequency_hz() -> float | None:
    """Current frequency of the first core."""
    khz = _read(CPU / "cpu0/cpufreq/scaling_cur_freq")
    return float(khz) * 1000 if khz else None


def temperature_c() -> float | None:
    """Highest temperature of the system's thermal zones, in degrees Celsius."""
    readings = [_read(zone) for zone in Path("/sys/class/thermal").glob("thermal_zone*/temp")]
    values = [int(r) / 1000 for r in readings if re.fullmatch(r"-?\d+", r)]
    return max(values, default=None)


def throttle_events() -> int:
    """How often the processor was slowed down for heat since it started (Intel's counters); grows while it is."""
    counters = [_read(p) for p in CPU.glob("cpu*/thermal_throttle/*_throttle_count")]
    return sum(int(c) for c in counters if c.isdigit())


def throttle_counters() -> str:
    """What would tell here that the processor was slowed down; empty where nothing does."""
    if Path("/usr/bin/vcgencmd").exists():
        return "vcgencmd get_throttled"
    return "Intel's counters" if any(CPU.glob("cpu*/thermal_throttle/*_throttle_count")) else ""


def packages() -> dict[str, str]:
    """Versions of the packages that make or run artifacts; those not installed are left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def throttled_now() -> bool:
    """Whether a Raspberry Pi is throttled or capped at this moment (bits 1 to 3 of get_throttled)."""
    if not Path("/usr/bin/vcgencmd").exists():
        return False
    try:
        said = subprocess.run(["/usr/bin/vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    match = re.search(r"0x([0-9a-fA-F]+)", said)
    return bool(match and int(match[1], 16) & 0b1110)


def _cpuinfo() -> dict[str, str]:
    """The first core's entries of /proc/cpuinfo, and the ones that stand once (`Model` on a Pi)."""
    found: dict[str, str] = {}
    if sys.platform == "darwin":
        return {"model name": platform.processor()}
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
