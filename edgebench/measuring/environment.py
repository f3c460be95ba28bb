"""Facts about the machine, its software and its state; what the system does not report is empty or None."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from edgebench.core import formats, installing
from edgebench.measuring import sensors
from edgebench.measuring.emulation import emulator
from edgebench.measuring.sensors import CPU, read_text

PACKAGES = ("onnx", "torchvision", "timm")
"""Those that make artifacts, beside those of the runtimes."""
INSTRUCTION_SETS = (
    "avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "sve", "bf16",
)  # fmt: skip
"""Instruction sets that decide the speed of int8 and float kernels, as /proc/cpuinfo spells them."""
CORES = {
    "0xd03": "Cortex-A53", "0xd04": "Cortex-A35", "0xd05": "Cortex-A55", "0xd07": "Cortex-A57", "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73", "0xd0a": "Cortex-A75", "0xd0b": "Cortex-A76", "0xd0c": "Neoverse-N1",
    "0xd0d": "Cortex-A77", "0xd40": "Neoverse-V1", "0xd41": "Cortex-A78", "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2",
}  # fmt: skip
"""Cores of ARM Limited by their part number in /proc/cpuinfo, which has no name of the processor on ARM."""
ARM_LIMITED = "0x41"
"""The implementer of these cores, in /proc/cpuinfo."""


def describe() -> dict[str, Any]:
    """All facts that the measured numbers depend on: machine, state, versions of packages."""
    facts = machine()
    return {
        **facts,
        "fingerprint": fingerprint(facts),
        "governor": read_text(CPU / "cpu0/cpufreq/scaling_governor"),
        "frequency_hz": sensors.frequency_hz(),
        "temperature_c": sensors.temperature_c(),
        "load_average": os.getloadavg()[0],
        "packages": packages(),
    }


def machine() -> dict[str, Any]:
    """The facts that stay the same between runs: processor, instruction sets, cores, memory, system."""
    info = _cpuinfo()
    return {
        "architecture": architecture(),
        "cpu": processor(info) or platform.processor() or architecture(),
        "board": sensors.board(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count() or 1,
        "threads": os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
        "instruction_sets": instruction_sets(info),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "virtual": "hypervisor" in info.get("flags", ""),
        "emulator": emulator(),
        "cuda": cuda_devices(),
    }


def fingerprint(facts: dict[str, Any]) -> str:
    """Short hash of the facts that two machines must share for their times to be compared."""
    kept = {k: facts[k] for k in ("architecture", "cpu", "board", "cores", "threads", "instruction_sets")}
    if facts.get("emulator"):  # only then: fingerprints of real machines are in published runs
        kept["emulator"] = facts["emulator"]
    return hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:8]


def host_label(facts: dict[str, Any]) -> str:
    """The text of the column `host`: processor, its emulator if any, cores and fingerprint."""
    by = f" emulated by {facts['emulator']}" if facts.get("emulator") else ""
    name = f"{facts['board'] or facts['cpu']}{by}"
    return f"{name} ({facts['architecture']}, {facts['cores']} cores, {fingerprint(facts)})"


def architecture() -> str:
    """The architecture by one name on every system: x86_64 or aarch64."""
    return installing.architecture()


def instruction_sets(info: Mapping[str, str] | None = None) -> list[str]:
    """The entries of INSTRUCTION_SETS that the processor has; `info` is /proc/cpuinfo, by default this machine's."""
    info = _cpuinfo() if info is None else info
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


def packages() -> dict[str, str]:
    """Versions of the packages that make or run artifacts; those not installed are left out."""
    found = {}
    for name in ("edgebench", "numpy", *formats.packages(), *PACKAGES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def entries(text: str) -> dict[str, str]:
    """The entries `name: value` of a text of /proc: of /proc/cpuinfo those of the first core and of the machine."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found


def processor(info: Mapping[str, str]) -> str:
    """The processor's name by its entries in /proc/cpuinfo; empty where they have none."""
    core = CORES.get(info.get("CPU part", ""), "") if info.get("CPU implementer") == ARM_LIMITED else ""
    return info.get("model name") or info.get("Model") or core


def _cpuinfo() -> dict[str, str]:
    """The first core's entries of /proc/cpuinfo, and those of the whole machine (`Model` on a Raspberry Pi)."""
    if sys.platform == "darwin":
        return {"model name": platform.processor()}
    return entries(read_text(Path("/proc/cpuinfo")))
