"""Detects an emulator of another processor, such as qemu-user, which hides itself from the process that it runs.

Emulated code gives the results of the real processor, but not its times.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

PROC = Path("/proc")
FAMILIES = {3: "x86", 62: "x86", 40: "ARM", 183: "ARM", 243: "RISC-V", 21: "POWER", 22: "s390", 258: "LoongArch"}
"""Processor families by the machine number of ELF files (e_machine); a family includes its 32-bit processors."""
MACHINES = (
    ("x86_64", "x86"), ("amd64", "x86"), ("i386", "x86"), ("i686", "x86"), ("aarch64", "ARM"), ("arm", "ARM"),
    ("riscv", "RISC-V"), ("ppc", "POWER"), ("s390", "s390"), ("loongarch", "LoongArch"),
)  # fmt: skip
"""Processor families by the start of the name from `uname -m`."""
LITTLE_ENDIAN = 1


def emulator(proc: Path = PROC, program: str = sys.executable, machine: str = "") -> str:
    """The emulator that runs this process, such as `qemu-aarch64-static on x86`; empty on a real processor.

    qemu-user answers `uname`, /proc/self/exe and /proc/self/maps as the emulated machine would. Two files show the
    real one: /proc/thread-self/exe, which is the emulator itself, and /proc/sys/kernel/arch (since Linux 6.1). Empty
    too where there is no /proc. `program` is the Python that runs; `machine` is the answer of `uname -m`.
    """
    thread = proc / "thread-self" / "exe"
    real = _family(thread)
    own = _family(Path(program)) or _family_of(machine or platform.machine())
    name = _name(thread)
    if name.startswith("qemu-") or (real and own and real != own):
        return f"{name or 'an emulator'} on {real or 'another processor'}"
    kernel, reported = _family_of(_text(proc / "sys/kernel/arch")), _family_of(machine or platform.machine())
    return f"an emulator on {kernel}" if kernel and reported and kernel != reported else ""


def _family(file: Path) -> str:
    """Processor family of an ELF file; empty where it is unknown, or the file is no ELF file."""
    try:
        with file.open("rb") as stream:
            head = stream.read(20)
    except OSError:
        return ""
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    return FAMILIES.get(int.from_bytes(head[18:20], "little" if head[5] == LITTLE_ENDIAN else "big"), "")


def _family_of(machine: str) -> str:
    return next((family for start, family in MACHINES if machine.lower().startswith(start)), "")


def _name(link: Path) -> str:
    try:
        return link.readlink().name
    except OSError:
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
