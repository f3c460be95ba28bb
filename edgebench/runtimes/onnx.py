"""ONNX files on ONNX Runtime; needs no torch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError
from edgebench.core.io_adapter import shown_shape
from edgebench.core.outputs import WrongOutput, which
from edgebench.runtimes.clocks import HostClock
from edgebench.runtimes.constants import Constants

if TYPE_CHECKING:  # each timed process would pay for these
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import FileFacts, Layer, Program
    from edgebench.core.io_adapter import IOAdapter
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Clock, Session

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxSession:
    """An onnxruntime.InferenceSession; `run` returns when the answer is on the host, so the host's clock is right."""

    def __init__(self, session: Any, device: str, threads: int, feed: IOAdapter | None = None) -> None:
        self._session, self._device = session, device
        self._input = (feed.signal if feed else "") or session.get_inputs()[0].name
        outputs = session.get_outputs()
        shapes = [shown_shape(o.shape) for o in outputs]
        self._output = [which([o.name for o in outputs], shapes, feed.answer if feed else None)]
        files = [one.name for one in session.get_inputs()][1:]  # of a file of EdgeBench's own, in the records' order
        self._further = [(one.name, one.dtype) for one in feed.further] if feed else [(n, "float32") for n in files]
        self._constants = Constants(feed.constants if feed else ())
        self._dtype = np.dtype(feed.dtype if feed else "float32")
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"provider": session.get_providers()[0], "threads": str(threads)}

    def predict(self, signals: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of signals."""
        feed = {self._input: signals.astype(self._dtype, copy=False), **self._constants.of(len(signals))}
        if further:
            for (name, dtype), values in zip(self._further, further, strict=True):
                feed[name] = values.astype(dtype, copy=False)
        logits: NDArray[np.float32] = self._session.run(self._output, feed)[0].astype(np.float32, copy=False)
        return logits

    def peak_device_bytes(self) -> int | None:
        """Memory of this process on the GPU: ONNX Runtime's arena never shrinks, so it is the peak."""
        return _gpu_bytes_of_this_process() if self._device == "cuda" else None


class OnnxRuntime:
    """ONNX files, by ONNX Runtime with the CPU's or CUDA's execution provider."""

    format = "onnx"
    several_inputs = True
    extra = "onnx"
    modules = ("onnxruntime",)
    packages = ("onnxruntime", "onnxruntime-gpu")
    suffixes = (".onnx",)

    def __init__(self) -> None:
        self._threads = 1

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs."""
        return ("onnxruntime>=1.20,<2",)

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""
        from edgebench.core.installing import no_wheels

        return no_wheels("onnxruntime", machine)

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        try:
            import onnxruntime
        except ImportError:
            from edgebench.core import installing

            machine = installing.architecture()
            impossible = self.supports(device, engine, machine)
            return installing.not_installed("onnxruntime", self.requirements(machine), impossible)
        if PROVIDERS[device] not in onnxruntime.get_available_providers():
            return f"this onnxruntime has no {PROVIDERS[device]}: pip install onnxruntime-gpu"
        return ""

    def check(self, path: Path) -> None:
        """Raise ArtifactError where its weights lie in another file, NotOnnx where it is no ONNX file."""
        from edgebench.runtimes import onnx_file

        onnx_file.require_whole(path)

    def start(self, threads: int, engine: str) -> None:
        """Import onnxruntime; its threads are set when a file is loaded."""
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self._threads = threads

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError, also where the requested provider did not start."""
        return self._session(self._open(path, device), path, artifact, device)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """The time of each operator of each layer in a prediction, in the graph that onnxruntime has optimised."""
        import tempfile

        from edgebench.runtimes import onnx_layers, onnx_profile

        with tempfile.TemporaryDirectory() as folder:
            session = self._open(path, device, str(Path(folder) / "profile"))
            predict = self._session(session, path, artifact, device).predict
            for record in records:
                predict(*record)
            layer = onnx_layers.finder(path)
            return onnx_profile.read(Path(session.end_profiling()), ignored=len(records) // 4, layer=layer)

    def facts(self, path: Path) -> FileFacts:
        """Inputs, outputs and precision of a user's file."""
        from edgebench.runtimes import onnx_interface

        return onnx_interface.facts(path)

    def layers(self, path: Path) -> Iterable[Layer]:
        """The layers that have weights."""
        from edgebench.runtimes import onnx_weights

        return onnx_weights.layers(path)

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with onnxruntime."""
        from edgebench.runtimes import onnx_program

        return onnx_program.program(artifact, PROVIDERS[device], threads)

    def _session(self, session: Any, path: Path, artifact: Artifact, device: str) -> OnnxSession:
        if artifact.feed and artifact.feed.dtype == "bfloat16":
            raise ArtifactError(f"{path}: takes bfloat16, which NumPy lacks; export it with float32 inputs and outputs")
        try:
            return OnnxSession(session, device, self._threads, artifact.feed)
        except WrongOutput as error:
            raise ArtifactError(f"{path}: {error}") from None

    def _open(self, path: Path, device: str, profile: str = "") -> Any:
        """A session of onnxruntime; `profile` is the path of its profile."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if profile:
            options.enable_profiling = True
            options.profile_file_prefix = profile
        provider = PROVIDERS[device]
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        except Exception as error:  # onnxruntime's exceptions have no common base of its own
            from edgebench.runtimes import onnx_refusal

            raise onnx_refusal.refusal(path, error) from None
        if session.get_providers()[0] != provider:
            raise ArtifactError(f"{path}: {provider} did not start; onnxruntime fell back to the CPU")
        return session


def _gpu_bytes_of_this_process() -> int | None:
    import subprocess

    query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    for line in said.splitlines():
        pid, _, mebibytes = line.partition(",")
        if pid.strip() == str(os.getpid()) and mebibytes.strip().isdigit():
            return int(mebibytes) * 2**20
    return None


RUNTIME = OnnxRuntime()
