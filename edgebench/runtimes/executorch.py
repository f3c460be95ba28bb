"""ExecuTorch programs (.pte), by ExecuTorch's Python API, which needs torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError, Unsupported, first_line
from edgebench.core.installing import no_wheels
from edgebench.runtimes import on_cpu
from edgebench.runtimes.clocks import HostClock

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import Program
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Clock, Session

TORCH = "torch>=2.14,<2.15"
"""ExecuTorch's library is linked with that of torch; this is the version that it was tested with."""
MARK = b"ET12"
"""Of programs of this version."""


class ExecuTorchSession:
    """A loaded method; its program is kept, since a method without it crashes."""

    def __init__(self, program: Any, threads: int) -> None:
        import torch

        self._method, self._program, self._torch = program.load_method("forward"), program, torch
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"device": "cpu", "backend": "XNNPACK", "threads": str(threads)}

    def predict(self, signals: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of as many records as the program was exported for."""
        given = [self._torch.from_numpy(one) for one in (signals, *further)]
        logits: NDArray[np.float32] = self._method.execute(given)[0].numpy()
        return logits

    def peak_device_bytes(self) -> int | None:
        """It runs on the CPU."""
        return None


class ExecuTorchRuntime:
    """ExecuTorch programs, by executorch.runtime."""

    format = "executorch"
    several_inputs = True
    extra = "executorch"
    modules = ("executorch", "torch")

    def __init__(self) -> None:
        self._threads = 1

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs; ExecuTorch does not ask for torch itself."""
        return ("executorch>=1.5.1,<1.6", TORCH)

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""
        return on_cpu.not_here(device) or no_wheels("executorch", machine)

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return on_cpu.unavailable(self, device, engine)

    def check(self, path: Path) -> None:
        """Raise ArtifactError where a file is no program of ExecuTorch."""
        on_cpu.require_mark(path, MARK, "program of ExecuTorch")

    def start(self, threads: int, engine: str) -> None:
        """Import ExecuTorch and set its threads; raises Unsupported where it does not take that number."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it announces that its Python API may change
            from executorch.extension.pybindings import portable_lib
            from executorch.runtime import Runtime

            Runtime.get()
        if portable_lib._threadpool_get_thread_count() != threads:
            portable_lib._unsafe_reset_threadpool(threads)  # unsafe while a method runs; none does
        there = portable_lib._threadpool_get_thread_count()
        if there != threads:
            raise Unsupported(f"ExecuTorch runs {there} threads where {threads} were asked for")
        self._threads = threads

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError."""
        return ExecuTorchSession(self._program(path), self._threads)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """The time of each kernel in a prediction; the file does not name the layers."""
        from edgebench.core.scratch import scratch_folder
        from edgebench.runtimes import executorch_profile

        program = self._program(path, enable_etdump=True)
        session = ExecuTorchSession(program, self._threads)
        for record in records:
            session.predict(*record)
        with scratch_folder() as folder:
            program.write_etdump_result_to_file(str(folder / "events.etdp"), str(folder / "events.bin"))
            return executorch_profile.read(folder / "events.etdp")

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with executorch."""
        from edgebench.runtimes import executorch_program

        return executorch_program.program(artifact, threads)

    def _program(self, path: Path, **options: Any) -> Any:
        self.check(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from executorch.runtime import Runtime

            try:
                return Runtime.get().load_program(path, **options)
            except RuntimeError as error:
                raise ArtifactError(f"{path}: ExecuTorch cannot load it: {first_line(error)[:200]}") from None


RUNTIME = ExecuTorchRuntime()
