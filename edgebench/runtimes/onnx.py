"""ONNX files on ONNX Runtime; needs no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError
from edgebench.runtimes import installing, onnx_file
from edgebench.runtimes.clocks import HostClock

if TYPE_CHECKING:  # each timed process would pay for these
    from edgebench.core.contracts import Artifact
    from edgebench.core.protocols import Clock, Session
    from edgebench.core.results import OperatorTime

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxSession:
    """An onnxruntime.InferenceSession; `run` returns when the answer is on the host, so the host's clock is right."""

    def __init__(self, session: Any, device: str, threads: int) -> None:
        self._session, self._device = session, device
        self._input = session.get_inputs()[0].name
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"provider": session.get_providers()[0], "threads": str(threads)}

    def predict(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of signals."""
        logits: NDArray[np.float32] = self._session.run(None, {self._input: signals})[0]
        return logits

    def peak_device_bytes(self) -> int | None:
        """Memory of this process on the GPU: ONNX Runtime's arena never shrinks, so it is the peak."""
        return _gpu_bytes_of_this_process() if self._device == "cuda" else None


class OnnxRuntime:
    """ONNX files, by ONNX Runtime with the CPU's or CUDA's execution provider."""

    format = "onnx"

    def __init__(self) -> None:
        self._threads = 1

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        try:
            import onnxruntime
        except ImportError:
            return f"onnxruntime is not installed: {installing.line(self.format)}"
        if PROVIDERS[device] not in onnxruntime.get_available_providers():
            return f"this onnxruntime has no {PROVIDERS[device]}: pip install onnxruntime-gpu"
        return ""

    def start(self, threads: int, engine: str) -> None:
        """Import onnxruntime; its threads are set when a file is loaded."""
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self._threads = threads

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError, also where the requested provider did not start."""
        return OnnxSession(self._open(path, device), device, self._threads)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[NDArray[np.float32]]
    ) -> list[OperatorTime]:
        """The time of each operator in a prediction, in the graph that onnxruntime has optimised."""
        import tempfile

        from edgebench.runtimes import onnx_profile

        with tempfile.TemporaryDirectory() as folder:
            session = self._open(path, device, str(Path(folder) / "profile"))
            predict = OnnxSession(session, device, self._threads).predict
            for record in records:
                predict(record)
            return onnx_profile.read(Path(session.end_profiling()), ignored=len(records) // 4)

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
            raise onnx_file.refusal(path, error) from None
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
