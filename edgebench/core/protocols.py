"""What each kind of plug-in meets; `docs/adding.md` shows a minimal one of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edgebench.core.contracts import Artifact, DataRequest, InputContract, Progress, RecordSet, Split
from edgebench.core.measurements import Run
from edgebench.core.recipe import Recipe
from edgebench.core.results import OperatorTime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn


class Dataset(Protocol):
    """A source of labelled records.

    It may also have `check(request)`, which raises DataError at once where the records cannot be there.
    """

    name: str
    label: str
    classes: tuple[str, ...]
    license: str
    """SPDX identifier of the licence that weights trained on it are under."""
    splits: Mapping[Split, str]
    """What the splits `train`, `validation` and `test` are called in a model's manifest."""

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the records of one split; raises DataError."""


class Architecture(Protocol):
    """A network that can be built and trained."""

    name: str
    input: InputContract
    recipe: Recipe
    pretrained: str
    """Where ImageNet weights come from, `torchvision:WEIGHTS` or `timm:NAME`; empty for nowhere."""

    def build(self, classes: int) -> nn.Module:
        """Return the untrained network: (batch, leads, samples) in mV to logits (batch, classes)."""

    def initialise(self, network: nn.Module) -> object:
        """What a training from random weights does with a new network first; often nothing."""

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph; mean and std have shape (leads,), in mV."""


@dataclass(frozen=True)
class CompressTask:
    """What a compression knows beside the network."""

    shape: tuple[int, ...]
    """(leads, samples) of a record."""
    classes: int
    labelled: Callable[[], tuple[NDArray[np.float32], NDArray[np.bool_]]]
    """Gives calibration records from the training folds: signals (records, leads, samples) in mV, and their labels
    (records, classes)."""
    seed: int = 0
    progress: Progress | None = None
    """Is told of the steps of what takes long."""


class Variant(Protocol):
    """A compression of a network."""

    name: str

    def check(self, spec: str) -> None:
        """Raise PlanError, in one line, where a spec such as `l1-1.4` makes no sense."""

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return the compressed network; raises Unsupported where this one cannot be compressed so."""


@dataclass(frozen=True)
class ExportTask:
    """What an exporter gets: the network in eval mode, where to write, and records to calibrate on."""

    network: nn.Module
    folder: Path
    """Where the artifact goes."""
    scratch: Path
    """A temporary folder that all exporters of this network share, for what several of them start from."""
    input: InputContract
    calibration: Callable[[], NDArray[np.float32]]
    """Gives float32 mV of shape (records, leads, samples) from the training folds."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What was chosen of the exporter's `choices`; what is missing is the exporter's to choose."""
    floats: Mapping[str, str] = field(default_factory=dict)
    """Modules that shall stay in float, beside those that say so themselves: paths, each with the reason."""


@dataclass(frozen=True)
class Exported:
    """What an exporter gives back: the file that it wrote and what is special about it."""

    file: Path
    precision: str
    calibration_method: str = ""
    float_parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    """What `NAME:word,word` can choose, and the words for it."""
    quantization_aware: bool
    """Whether it takes a network that was trained with its quantization."""

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
    """What it runs on: provider, engine, threads."""

    def predict(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (batch, classes) of signals (batch, leads, samples) in mV."""

    def peak_device_bytes(self) -> int | None:
        """Peak memory of the accelerator since loading; None on a CPU."""


class Runtime(Protocol):
    """Loads artifacts of one format on a device."""

    format: str

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it, in one line; empty when it can."""

    def start(self, threads: int, engine: str) -> None:
        """Import and set up the library, without any artifact: the baseline of the memory measurement."""

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one artifact; raises ArtifactError."""

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[NDArray[np.float32]]
    ) -> list[OperatorTime]:
        """Predict the records, each (batch, leads, samples) in mV, and tell where the time went; raises ArtifactError.

        A profiler slows what it watches, so this never stands beside a timed loop.
        """


class Renderer(Protocol):
    """Turns runs into a report; a pure function of what is in their folders."""

    file: str
    """The name of the file that a person or a program opens."""

    def render(self, run: Run) -> Mapping[str, str | bytes]:
        """Return what `file` holds, and the files beside it that it shows, by name; text is written as UTF-8."""
