"""What a device says of itself over SSH, as `measuring.environment` does of this machine; installs nothing there."""

from __future__ import annotations

from typing import Any

from edgebench.core import formats
from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError
from edgebench.core.files import sha256_of
from edgebench.measuring import environment
from edgebench.remote.link import Link
from edgebench.remote.messages import Looked, shown
from edgebench.remote.openssh import ConnectionLost

CPUINFO, MEMINFO, BOARD = "/proc/cpuinfo", "/proc/meminfo", "/proc/device-tree/model"
GOVERNOR = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
CUDA = "/proc/driver/nvidia/version"


def describe(target: Target) -> dict[str, Any]:
    """The facts of a device: those of `environment.describe` that its system shows without EdgeBench.

    Raises RemoteError where the target names no device, it cannot be reached, or a run uses it.
    """
    if not target.ssh:
        raise RemoteError(f"{target.name}: names no device; set `ssh` in its profile to user@host")
    packages = ["numpy", *formats.packages()]
    try:
        with Link(target, sha256_of("look", target.name)[:16]) as link:
            files = [CPUINFO, MEMINFO, BOARD, GOVERNOR, CUDA]
            found, machine = link.ask("look", Looked, files=files, packages=packages), link.machine
    except ConnectionLost as error:
        raise RemoteError(f"{target.ssh}: {error}") from None
    texts = {name: text.strip("\0\n ") for name, text in found.texts.items()}
    info = environment.entries(texts.get(CPUINFO, ""))
    kib = environment.entries(texts.get(MEMINFO, "")).get("MemTotal", "").split()
    return {
        "architecture": shown(machine),
        "cpu": shown(environment.processor(info) or machine),
        "board": shown(texts.get(BOARD, "")),
        "cores": found.threads,
        "threads": found.threads,
        "memory_bytes": int(kib[0]) * 1024 if kib and kib[0].isdigit() else None,
        "instruction_sets": environment.instruction_sets(info),
        "system": shown(found.system),
        "python": shown(found.python),
        "virtual": "hypervisor" in info.get("flags", ""),
        "emulator": "",
        "cuda": ["a GPU, by its driver"] if texts.get(CUDA) else [],
        "governor": shown(texts.get(GOVERNOR, "")),
        "load_average": found.load,
        "packages": {name: shown(version) for name, version in found.packages.items() if name in packages},
    }
