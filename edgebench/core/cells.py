"""What a run measures where: its cells, their targets, and the reference that a bundle brings along.

Not in `core.contracts`, since no worker needs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Target:
    """A profile of a device."""

    name: str
    description: str
    architecture: str
    """`platform.machine()` of the device: x86_64 or aarch64; empty means any."""
    device: Literal["cpu", "cuda"] = "cpu"
    quantized_engine: str = ""
    """torch's engine for int8 TorchScript files; empty where the device runs none."""
    threads: int = 1
    board: str = ""
    """Text that the device tree's model must contain; empty where the architecture is enough."""
    memory_limit_bytes: int | None = None
    """Limit of the resident memory of one process on the device; None for no limit."""
    ssh: str = ""
    """How OpenSSH reaches the device, such as `pi@raspberrypi`; empty for a target that is measured here."""
    ssh_config: str = ""  # instead of the user's own
    ssh_python: str = "python3"
    ssh_packages: Literal["install", "system", "as-is"] = "install"
    """A separate virtual environment; one that also sees that Python's packages; or that Python itself."""
    ssh_folder: str = ".edgebench"
    ssh_timeout_s: float = 120.0
    """Seconds that the connection may take, and that the device may be silent before it is ready to measure."""


@dataclass(frozen=True)
class Cell:
    """One combination; the unit of work, isolation, failure and resume."""

    model: str
    variant: str
    exporter: str
    target: str

    @property
    def id(self) -> str:
        """Name of the cell in files and messages."""
        return f"{self.model}~{self.variant}~{self.exporter}~{self.target}".replace("/", "_").replace(":", "_")

    @property
    def label(self) -> str:
        """The label that progress output shows."""
        return f"{self.model} {self.name} on {self.target}"

    @property
    def name(self) -> str:
        """Exporter, and the variant where there is one: the cell's name in tables, beside model and target."""
        return self.exporter if self.variant == "none" else f"{self.exporter} · {self.variant}"


@dataclass(frozen=True)
class KnownReference:
    """Predictions of an uncompressed fp32 model, computed on the machine that wrote the bundle."""

    model: str
    model_sha256: str
    thresholds: tuple[float, ...]
    logits: str  # a .npy file of float32, shape (records, classes)
