"""LiteRT's files (.tflite), by ai-edge-litert, whose CPU kernels are XNNPACK's; needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgebench.core.installing import no_wheels
from edgebench.runtimes import litert_file, on_cpu
from edgebench.runtimes.clocks import HostClock
from edgebench.runtimes.litert_model import Model

if TYPE_CHECKING:  # each timed process would pay for these
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import FileFacts, Layer, Program
    from edgebench.core.protocols import Clock, Session


class LiteRtSession:
    """A loaded file."""

    def __init__(self, model: Model, threads: int) -> None:
        self._model = model
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"device": "cpu", "backend": "XNNPACK", "threads": str(threads)}

    def predict(self, signals: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of as many records as the file was exported for."""
        return self._model(signals, *further)

    def peak_device_bytes(self) -> int | None:
        """It runs on the CPU."""
        return None


class LiteRtRuntime:
    """LiteRT's files, by its interpreter."""

    format = "litert"
    several_inputs = True
    extra = "litert"
    modules = ("ai_edge_litert",)
    suffixes = (".tflite",)

    def __init__(self) -> None:
        self._threads = 1

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs."""
        return ("ai-edge-litert>=2.3,<2.4",)

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""
        return on_cpu.not_here(device) or no_wheels("ai-edge-litert", machine)

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return on_cpu.unavailable(self, device, engine)

    def check(self, path: Path) -> None:
        """Raise ArtifactError where a file is none of LiteRT's."""
        litert_file.check(path)

    def start(self, threads: int, engine: str) -> None:
        """Import the interpreter; threads are set when a file is loaded."""
        from ai_edge_litert import interpreter  # noqa: F401

        self._threads = threads

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError."""
        return LiteRtSession(Model(path, self._threads, artifact.feed), self._threads)

    def facts(self, path: Path) -> FileFacts:
        """Inputs, outputs and precision of a user's file."""
        return litert_file.facts(path)

    def layers(self, path: Path) -> Iterable[Layer]:
        """The layers that have weights."""
        from edgebench.runtimes import litert_layers

        return litert_layers.layers(path)

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with ai-edge-litert."""
        from edgebench.runtimes import litert_program

        return litert_program.program(artifact, threads)


RUNTIME = LiteRtRuntime()
