"""The protocol of each kind of plug-in; `docs/adding.md` shows a minimal one of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from edgebench.core.contracts import Artifact, Progress
from edgebench.core.inputs import InputSpec
from edgebench.core.measurements import Run
from edgebench.core.operators import OperatorTime
from edgebench.core.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from edgebench.core.file_facts import FileFacts, Layer, Program
    from edgebench.core.io_adapter import IOAdapter


class Architecture(Protocol):
    """A network that can be built and trained."""

    name: str
    input: InputSpec
    """The input that `build` makes a network for; only an example where `build` is given one."""
    recipe: Recipe
    pretrained: str
    """Source of ImageNet weights, `torchvision:WEIGHTS` or `timm:NAME`; empty for none."""

    def build(self, outputs: int, spec: InputSpec = ..., /) -> nn.Module:
        """Return the untrained network: (batch, *spec.shape) to (batch, outputs).

        One that has no parameter for the input builds for `input`; raises ModelError for an input that it does not
        take.
        """

    def initialise(self, network: nn.Module) -> object:
        """Initialise a new network before a training from random weights; often nothing to do."""

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph; mean and std have the length of the first axis, or of `channel`."""


@dataclass(frozen=True)
class CompressTask:
    """The inputs of a compression beside the network."""

    shape: tuple[int, ...]
    """Of a record."""
    classes: int
    labelled: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]
    """Returns calibration records of the training split, (records, *shape), and their targets as a training takes them,
    (records, outputs)."""
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    """Of outputs and targets, both (batch, outputs)."""
    seed: int = 0
    progress: Progress | None = None
    """Receives the progress of long steps."""
    further: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shape of a record of each input after the first, by name."""
    labelled_further: Callable[[], tuple[NDArray[np.float32], ...]] = lambda: ()
    """Returns these inputs of the same calibration records."""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of a record of every input."""
        return self.shape, *self.further.values()


class Variant(Protocol):
    """A compression of a network.

    One that makes it smaller, and needs a fine-tuning, may have `searched`: the specs that `edgebench optimize` tries.
    """

    name: str

    def check(self, spec: str) -> None:
        """Raise PlanError, in one line, where a spec such as `l1-1.4` is invalid."""

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return the compressed network; raises Unsupported where the spec does not apply to this network."""


@dataclass(frozen=True)
class ExportTask:
    """The inputs of an exporter: the network in eval mode, the folder to write to, and records to calibrate on."""

    network: nn.Module
    folder: Path
    """The folder for the artifact."""
    scratch: Path
    """A temporary folder that all exporters of this network share, for intermediate files."""
    input: InputSpec
    calibration: Callable[[], NDArray[np.float32]]
    """Returns training records, float32 of shape (records, *input.shape)."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The chosen words of the exporter's `choices`; the exporter decides those that are missing."""
    floats: Mapping[str, str] = field(default_factory=dict)
    """Paths of modules that stay in float, each with the reason, in addition to modules that are marked so."""
    check: Callable[[], Iterator[tuple[NDArray[np.float32], ...]]] | None = None
    """Returns the test records in batches, with all inputs, on which what was traced is compared with the network."""
    further: Mapping[str, InputSpec] = field(default_factory=dict)
    """The inputs of the network after the first, by name; only for exporters with `several_inputs`."""
    calibration_further: Callable[[], tuple[NDArray[np.float32], ...]] = tuple
    """The same as `calibration` for the further inputs."""
    shared: dict[str, Any] = field(default_factory=dict)
    """What exporters of this network find out once for all of them, in one process."""

    def zeros(self, records: int) -> tuple[torch.Tensor, ...]:
        """So many records of zeros, all inputs of them."""
        import torch

        return tuple(torch.zeros(records, *spec.shape) for spec in (self.input, *self.further.values()))


@dataclass(frozen=True)
class Exported:
    """The result of an exporter: the file that it wrote and the properties of that file."""

    file: Path
    """The one that is loaded; the format's runtime names the others beside it."""
    precision: str
    calibration_method: str = ""
    float_parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    int8_modules: tuple[str, ...] | None = None
    """Paths of the network's modules whose weights are int8 in the file; None where the exporter does not know."""
    fixed_batch: int = 0
    """The number of records of each call, where the file takes no other; 0 for any number."""
    format: str = ""
    """Another format than the exporter's."""
    delegated: float | None = None
    """Share of the operators that the format's backend took; None where there is no such choice."""


class Exporter(Protocol):
    """Turns a network into one file to deploy."""

    name: str
    format: str
    summary: str
    engine: str
    """torch's quantized engine that the file needs; empty for none."""
    devices: tuple[str, ...]
    calibrates: bool
    """Whether `export` asks the task for calibration records."""
    packages: tuple[str, ...]
    """Distributions whose versions go into the manifest."""
    choices: Mapping[str, tuple[str, ...]]
    """The choices of `NAME:word,word`, each with its words."""
    quantization_aware: bool
    """Whether it accepts a network that was trained with its quantization. One that takes networks with further inputs
    has `several_inputs = True`."""

    def export(self, task: ExportTask) -> Exported:
        """Write the file into `task.folder`; raises Unsupported where the network cannot be exported this way."""


@runtime_checkable
class Clock(Protocol):
    """Times one prediction on its device."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> float:
        """End; returns seconds."""


class Session(Protocol):
    """A loaded artifact."""

    clock: Clock
    settings: Mapping[str, str]
    """The provider, engine and threads that it uses."""

    @property
    def predict(self) -> Callable[..., NDArray[np.float32]]:
        """A method: outputs (batch, outputs) of float32 records (batch, …).

        Their further inputs are further arguments, only where the artifact takes any.
        """

    def peak_device_bytes(self) -> int | None:
        """Peak memory of the accelerator since loading; None on a CPU."""


class Runtime(Protocol):
    """Loads artifacts of one format on a device. One whose sessions take further inputs has `several_inputs = True`."""

    format: str

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it, in one line; empty when it can."""

    def start(self, threads: int, engine: str) -> None:
        """Import and set up the library, without any artifact: the baseline of the memory measurement."""

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one artifact; raises ArtifactError."""

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """Predict the records, each with all its inputs; return the operators' times. Raises ArtifactError.

        A profiler slows the prediction, so it never runs during a timed loop.
        """


class Format(Runtime, Protocol):
    """What else a runtime may say of its format. Every member is optional: `core.formats` has the default of each."""

    extra: str
    """The extra of EdgeBench that installs it; only of EdgeBench's own runtimes."""
    modules: tuple[str, ...]
    """What it imports, without which it cannot run; by default named as its requirements."""
    packages: tuple[str, ...]
    """Distributions whose versions go into a run and are compared at a resume; by default its requirements."""
    suffixes: tuple[str, ...]
    """Ends of the names of files that a user may bring, such as `.onnx`; these need `facts`."""
    uses_engine: bool
    """Whether its quantized files run under the quantized engine of torch that a target has."""
    rebuilds: bool
    """Whether it runs the network's own code, so that its manifest names the architecture."""
    ends_with: str
    """What its files depend on that is to be removed; said by `doctor` and in each manifest."""

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs to run it on an architecture, such as `onnxruntime>=1.20,<2`; also over SSH."""

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it, whatever is installed there; empty where one can."""

    def identify(self, path: Path) -> bool:
        """Whether a file is of this format, where another one has its suffix, too."""

    def files(self, path: Path) -> Sequence[Path]:
        """All files of an artifact, side by side: the one that is loaded, `path`, first."""

    def check(self, path: Path) -> None:
        """Raise ArtifactError where a file cannot be measured as it is; it is not loaded here."""

    def facts(self, path: Path) -> FileFacts:
        """What a user's file says about itself; raises ArtifactError, MissingPackage. Called in a child process."""

    def answers(self, path: Path, feed: IOAdapter, shapes: Sequence[Sequence[int]]) -> Sequence[tuple[str | int, str]]:
        """The outputs for one record of zeros, (key or position, shape); only where files do not declare them."""

    def layers(self, path: Path) -> Iterable[Layer]:
        """The layers that have weights, for `edgebench inspect`; raises ArtifactError. Called in a child process."""

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program that loads the file without EdgeBench; 0 threads leave them to the library."""


class Renderer(Protocol):
    """Turns runs into a report; a pure function of the contents of their folders."""

    file: str
    """The name of the file that the user or a program opens."""

    def render(self, run: Run) -> Mapping[str, str | bytes]:
        """Return the content of `file` and of the files beside it that it shows, by name; text is written as UTF-8."""
