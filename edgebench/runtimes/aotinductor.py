"""Networks compiled by AOTInductor (.pt2), by torch."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import installing
from edgebench.core.errors import ArtifactError, Unsupported, first_line
from edgebench.runtimes import on_cpu
from edgebench.runtimes.clocks import HostClock

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import Program
    from edgebench.core.protocols import Clock, Session

TORCH = "torch>=2.14,<2.16"
"""A file runs on the torch that compiled it; the kernels are called by torch's stable C interface."""
MACHINES = ("x86_64",)
FLAGS = {
    "AVX2": ("avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"),
    "AVX512": ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
    "AVX512_VNNI": ("avx512_vnni",),
    "AMX_TILE": ("amx_tile",),
}
"""What /proc/cpuinfo calls the instruction sets that a file names: x86-64-v3, x86-64-v4, and what goes beyond."""
CPUINFO = Path("/proc/cpuinfo")


class AotInductorSession:
    """A loaded package."""

    def __init__(self, compiled: Any, batch: int) -> None:
        import torch

        self._compiled, self._batch, self._torch = compiled, batch, torch
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"device": "cpu", "threads": str(torch.get_num_threads())}

    def predict(self, signals: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of as many records as it was compiled for; it would silently drop further ones."""
        if len(signals) != self._batch:
            raise ArtifactError(f"it was compiled for batches of {self._batch}, not of {len(signals)}")
        with self._torch.inference_mode():
            answer = self._compiled(*(self._torch.from_numpy(one) for one in (signals, *further)))
            logits: NDArray[np.float32] = answer.numpy()
        return logits

    def peak_device_bytes(self) -> int | None:
        """It runs on the CPU."""
        return None


class AotInductorRuntime:
    """AOTInductor's packages, by torch."""

    format = "aotinductor"
    several_inputs = True
    extra = "aotinductor"
    modules = ("torch",)

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs."""
        return (TORCH,)

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""
        other = f"is compiled for x86_64, not for {machine}" if machine and machine not in MACHINES else ""
        return on_cpu.not_here(device) or other

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        machine = installing.architecture()
        impossible = self.supports(device, engine, machine)
        return installing.missing(self.modules, self.requirements(machine), impossible) or impossible

    def start(self, threads: int, engine: str) -> None:
        """Import torch and what loads packages, and set the threads."""
        from edgebench.runtimes import torch_session

        torch_session.start(threads, "")
        import torch._inductor.package  # noqa: F401

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError, and Unsupported for instructions that this processor lacks."""
        import torch

        if lacking := self._lacking(path):
            raise Unsupported(f"it was compiled with instructions that this processor lacks ({', '.join(lacking)})")
        try:
            compiled = torch._inductor.aoti_load_package(str(path))
        except Exception as error:  # torch raises many kinds for a damaged file
            raise ArtifactError(f"{path}: AOTInductor cannot load it: {first_line(error)[:200]}") from None
        return AotInductorSession(compiled, artifact.batch)

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with torch."""
        from edgebench.runtimes import aotinductor_program

        return aotinductor_program.program(artifact, threads)

    def _lacking(self, path: Path) -> list[str]:
        """Flags that the file's instruction sets need and this processor lacks."""
        needed = [flag for name in instruction_sets(path) for flag in FLAGS.get(name, (name.lower(),))]
        there = processor_flags()
        return sorted(set(needed) - there) if there else []


def instruction_sets(path: Path) -> list[str]:
    """Names of the instruction sets that a file was compiled for; raises ArtifactError for another file."""
    found: dict[str, None] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith("_metadata.json"):
                    said = json.loads(archive.read(name))
                    found |= dict.fromkeys(str(said["AOTI_CPU_ISA"]).split())
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, NotImplementedError, zlib.error):
        raise ArtifactError(f"{path}: not a package of AOTInductor, or a damaged one") from None
    if not found:
        raise ArtifactError(f"{path}: not a package of AOTInductor: it names no instruction set")
    if "AVX512" in found:
        found = {"AVX2": None, **found}
    return list(found)


def processor_flags() -> set[str]:
    """The instruction sets of this processor; empty where the system does not say."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return set()
    return set(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


RUNTIME = AotInductorRuntime()
