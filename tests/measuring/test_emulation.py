"""An emulated processor is told from a real one, although the emulator hides itself."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.measuring import environment
from edgebench.measuring.emulation import emulator

X86, I386, AARCH64, ARM, S390 = 62, 3, 183, 40, 22
TELL = "from edgebench.measuring import environment; print(environment.machine()['emulator'])"


def elf(path: Path, machine: int, big: bool = False) -> Path:
    """The first bytes of a program for a processor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = b"\x7fELF\x02" + (b"\x02" if big else b"\x01") + bytes(10) + bytes(2)
    path.write_bytes(kind + machine.to_bytes(2, "big" if big else "little") + bytes(44))
    return path


def kernel(folder: Path, runs: Path, arch: str = "") -> Path:
    """A /proc in which a thread's program is `runs`."""
    thread = folder / "proc/thread-self"
    thread.mkdir(parents=True)
    (thread / "exe").symlink_to(runs)
    if arch:
        (folder / "proc/sys/kernel").mkdir(parents=True)
        (folder / "proc/sys/kernel/arch").write_text(arch + "\n")
    return folder / "proc"


@pytest.mark.parametrize(
    ("name", "real", "own", "machine", "said"),
    [
        ("python3.11", X86, X86, "x86_64", ""),
        ("python3.11", AARCH64, AARCH64, "aarch64", ""),
        ("python3.11", I386, I386, "x86_64", ""),
        ("python3.11", ARM, ARM, "aarch64", ""),
        ("python3.11", S390, S390, "s390x", ""),
        ("qemu-aarch64-static", X86, AARCH64, "aarch64", "qemu-aarch64-static on x86"),
        ("qemu-arm", X86, ARM, "armv7l", "qemu-arm on x86"),
        ("qemu-aarch64", AARCH64, AARCH64, "aarch64", "qemu-aarch64 on ARM"),
        ("qemu-s390x", X86, S390, "s390x", "qemu-s390x on x86"),
        ("rosetta", AARCH64, X86, "x86_64", "rosetta on ARM"),
    ],
)
def test_the_program_of_a_thread_is_the_emulator(
    tmp_path: Path, name: str, real: int, own: int, machine: str, said: str
) -> None:
    proc = kernel(tmp_path, elf(tmp_path / "real" / name, real, real == S390))
    program = elf(tmp_path / "own/python3.11", own, own == S390)
    assert emulator(proc, str(program), machine) == said


@pytest.mark.parametrize(
    ("arch", "machine", "said"),
    [
        ("x86_64", "aarch64", "an emulator on x86"), ("x86_64", "x86_64", ""), ("x86_64", "i686", ""),
        ("aarch64", "armv8l", ""), ("aarch64", "x86_64", "an emulator on ARM"), ("", "aarch64", ""),
    ],
)  # fmt: skip
def test_the_kernel_names_its_own_machine(tmp_path: Path, arch: str, machine: str, said: str) -> None:
    proc = kernel(tmp_path, tmp_path / "hidden", arch)
    assert emulator(proc, "", machine) == said


def test_without_proc_nothing_is_said(tmp_path: Path) -> None:
    assert emulator(tmp_path, sys.executable) == ""


def test_this_process_is_real() -> None:
    assert emulator() == environment.machine()["emulator"] == ""


def test_qemu_is_seen_by_what_it_runs() -> None:
    qemu = shutil.which(f"qemu-{platform.machine()}-static") or shutil.which(f"qemu-{platform.machine()}")
    if not qemu:
        pytest.skip("no qemu-user here")
    done = subprocess.run([qemu, sys.executable, "-c", TELL], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.partition(" on ")[0]) == (0, Path(qemu).resolve().name), done.stderr


def test_an_emulated_machine_is_another_one() -> None:
    real = environment.machine()
    emulated = {**real, "emulator": "qemu-aarch64-static on x86"}
    assert environment.fingerprint(real) != environment.fingerprint(emulated)
    assert "emulated by qemu-aarch64-static on x86" in environment.host_label(emulated)
    earlier = {name: value for name, value in real.items() if name != "emulator"}
    assert environment.fingerprint(earlier) == environment.fingerprint(real)
