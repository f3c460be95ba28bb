"""OpenVINO's own files (.xml and .bin), and ONNX files, on OpenVINO; needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError, Unsupported, first_line
from edgebench.core.installing import no_wheels
from edgebench.core.io_adapter import shown_shape
from edgebench.core.outputs import WrongOutput, which
from edgebench.runtimes import on_cpu, openvino_file
from edgebench.runtimes.clocks import HostClock
from edgebench.runtimes.constants import Constants
from edgebench.runtimes.openvino_file import dimensions, name_of

if TYPE_CHECKING:  # each timed process would pay for these
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import FileFacts, Layer, Program
    from edgebench.core.io_adapter import IOAdapter
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Clock, Session

MACHINES = ("x86_64",)
"""Architectures with wheels of this version."""


def settings(threads: int, precision: str = "fp32") -> dict[str, Any]:
    """How a model is compiled: for the latency of one request, in the precision of the artifact.

    OpenVINO would compute floats in bfloat16 wherever the processor can.
    """
    return {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "ENABLE_CPU_PINNING": False,  # the caller chooses the cores
    }  # fmt: skip


class OpenVinoSession:
    """One infer request of a compiled model; `infer` returns when the answer is on the host."""

    def __init__(self, model: Any, compiled: Any, used: Mapping[str, Any], feed: IOAdapter | None = None) -> None:
        self._request = compiled.create_infer_request()
        # Of a compiled model a port has the names of what was fused with it, too.
        names = [name_of(port) for port in model.inputs]
        outputs = [(name_of(port), shown_shape(dimensions(port))) for port in model.outputs]
        chosen = which([name for name, _ in outputs], [shape for _, shape in outputs], feed.answer if feed else None)
        self._output = [name for name, _ in outputs].index(str(chosen))
        self._input = names.index(feed.signal) if feed and feed.signal else 0
        further = [(one.name, one.dtype) for one in feed.further] if feed else [(n, "float32") for n in names[1:]]
        self._further = [(names.index(name), dtype) for name, dtype in further]
        self._constants, self._names = Constants(feed.constants if feed else ()), names
        self._dtype = np.dtype(feed.dtype if feed else "float32")
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"device": "CPU", **{name: str(value) for name, value in used.items()}}

    def predict(self, signals: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of signals."""
        given = {self._input: signals.astype(self._dtype, copy=False)}
        for name, values in self._constants.of(len(signals)).items():
            given[self._names.index(name)] = values
        if further:
            for (place, dtype), values in zip(self._further, further, strict=True):
                given[place] = values.astype(dtype, copy=False)
        self._request.infer(given, share_inputs=True)
        return np.array(
            self._request.get_output_tensor(self._output).data, np.float32
        )  # the next request overwrites it

    def peak_device_bytes(self) -> int | None:
        """It runs on the CPU."""
        return None

    def profiling(self) -> Any:
        """The times of the last prediction's operators."""
        return self._request.profiling_info


class OpenVinoRuntime:
    """OpenVINO IR and ONNX files, by OpenVINO's CPU plug-in."""

    format = "openvino"
    several_inputs = True
    extra = "openvino"
    modules = ("openvino",)
    suffixes = (".xml",)

    def __init__(self) -> None:
        self._threads = 1
        self._core: Any = None

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs."""
        return ("openvino>=2026.4,<2027",)

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""
        return on_cpu.not_here(device) or no_wheels("openvino", machine, MACHINES)

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return on_cpu.unavailable(self, device, engine)

    def identify(self, path: Path) -> bool:
        """Whether an XML file is a network."""
        return openvino_file.is_network(path)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The graph and its weights; an ONNX file is one."""
        return (path, path.with_suffix(".bin")) if path.suffix == ".xml" else (path,)

    def check(self, path: Path) -> None:
        """Raise ArtifactError where the weights are missing or lie elsewhere, WrongFormat for another file."""
        openvino_file.check(path)

    def start(self, threads: int, engine: str) -> None:
        """Import OpenVINO and load its CPU plug-in; threads are set when a model is compiled."""
        import openvino

        self._core, self._threads = openvino.Core(), threads
        self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")  # this loads the plug-in

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError, and Unsupported for bfloat16 on a processor without it."""
        return self._session(path, artifact)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """The time of each operator in a prediction, in the graph that OpenVINO has optimised."""
        from edgebench.runtimes import openvino_layers, openvino_profile

        session = self._session(path, artifact, {"PERF_COUNT": True})
        found = []
        for record in records:
            session.predict(*record)
            found.append(session.profiling())
        return openvino_profile.read(found[len(found) // 4 :], openvino_layers.finder(path))

    def facts(self, path: Path) -> FileFacts:
        """Inputs, outputs and precision of a user's file."""
        return openvino_file.facts(path)

    def layers(self, path: Path) -> Iterable[Layer]:
        """The layers that have weights."""
        from edgebench.runtimes import openvino_layers

        return openvino_layers.layers(path)

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with openvino."""
        from edgebench.runtimes import openvino_program

        return openvino_program.program(artifact, settings(threads, artifact.precision))

    def _session(self, path: Path, artifact: Artifact, more: Mapping[str, Any] | None = None) -> OpenVinoSession:
        if self._core is None:
            self.start(self._threads, "")
        core = self._core
        if artifact.precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise Unsupported("this processor does not compute bfloat16 (it has neither AVX512-BF16 nor AMX-BF16)")
        used = settings(self._threads, artifact.precision)
        try:
            model = core.read_model(str(path))
            if artifact.batch and not all(port.partial_shape.is_static for port in model.inputs):
                model.reshape({port: [artifact.batch, *list(port.partial_shape)[1:]] for port in model.inputs})
            compiled = core.compile_model(model, "CPU", {**used, **(more or {})})
            return OpenVinoSession(model, compiled, used, artifact.feed)
        except WrongOutput as error:
            raise ArtifactError(f"{path}: {error}") from None
        except RuntimeError as error:
            raise ArtifactError(f"{path}: OpenVINO cannot load it: {_reason(error)}") from None


def _reason(error: RuntimeError) -> str:
    """The cause in OpenVINO's message, whose first lines say where in its code it was raised."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    found = next((line for line in reversed(lines) if not line.startswith("Exception from")), "")
    return (found or first_line(error))[:300]


RUNTIME = OpenVinoRuntime()
