"""LiteRT's files (.tflite), by ai-edge-litert, whose CPU kernels are XNNPACK's; needs no torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.installing import no_wheels
from edgebench.runtimes import litert_file, on_cpu
from edgebench.runtimes.clocks import HostClock

if TYPE_CHECKING:  # each timed process would pay for these
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import Layer, Program
    from edgebench.core.protocols import Clock, Session


class Model:
    """A loaded file, called with one array for each input."""

    def __init__(self, path: Path, threads: int) -> None:
        self._interpreter = litert_file.interpreter(path, num_threads=threads)
        inputs = sorted(self._interpreter.get_input_details(), key=_position)
        self._inputs = [int(one["index"]) for one in inputs]
        self._output = int(self._interpreter.get_output_details()[0]["index"])

    def __call__(self, *arrays: NDArray[Any]) -> NDArray[np.float32]:
        """The first output, in memory of its own."""
        for index, values in zip(self._inputs, arrays, strict=True):
            self._interpreter.set_tensor(index, values)
        self._interpreter.invoke()
        answer: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return answer


def _position(port: Mapping[str, Any]) -> int:
    """The place of an input among the network's, from a name such as `serving_default_args_1`."""
    found = re.search(r"args_(\d+)", str(port["name"]))
    return int(found[1]) if found else int(port["index"])


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
        return LiteRtSession(Model(path, self._threads), self._threads)

    def layers(self, path: Path) -> Iterable[Layer]:
        """The layers that have weights."""
        from edgebench.runtimes import litert_layers

        return litert_layers.layers(path)

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with ai-edge-litert."""
        from edgebench.runtimes import litert_program

        return litert_program.program(artifact, threads)


RUNTIME = LiteRtRuntime()
