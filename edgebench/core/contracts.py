"""The frozen records that flow through EdgeBench, in base units: seconds, bytes, hertz.

Standard library only, so that the device side can read it; `edgebench.core.serialization` turns the records into
JSON and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from edgebench.core.inputs import InputSpec, StoredInput
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.problems import InvalidValue, Problem

R = TypeVar("R", covariant=True)
"""The record that a job returns."""
Status = Literal["ok", "unsupported", "failed", "timeout", "skipped"]
Split = Literal["train", "validation", "test", "calibration"]
REFERENCE = "eager"
"""The exporter whose predictions the others are compared with: the network as it is, in fp32."""
JobKind = Literal["predict", "memory", "latency", "cold", "profile"]
Progress = Callable[[int, int], None]
"""Called with (done, total) as the work advances."""


@dataclass(frozen=True)
class Calibration:
    """The records that an int8 exporter saw to choose its scales; never validation or test records."""

    dataset: str
    split: str
    records: int
    ids_sha256: str
    method: str = ""


@dataclass(frozen=True)
class FilePart:
    """One of several files of an artifact."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Artifact:
    """What to deploy, one file or several, and its facts; the manifest beside it is this record as JSON."""

    model: str
    variant: str
    exporter: str
    format: str
    precision: str
    file: str
    """Name of the file that is loaded, beside the manifest."""
    sha256: str
    """Of the file; of several files, of their SHA-256 in the order of `files`, one a line."""
    file_size_bytes: int
    """Of all files."""
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    """Threshold of each class: it is predicted at this probability and above. Chosen on the validation records."""
    input: InputSpec
    parameters: int | None
    sparsity: float | None
    """Share of the variant's weights that are exactly zero."""
    model_sha256: str
    """SHA-256 of the model's weights, before any compression."""
    engine: str = ""
    """torch's quantized engine that the artifact needs; empty where it needs none."""
    devices: tuple[str, ...] = ("cpu",)
    architecture: str = ""
    """Name of the architecture plug-in that rebuilds the network; only for the format `eager`."""
    structure: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """How a pruned network's modules differ from the architecture's; only for the format `eager`."""
    calibration: Calibration | None = None
    feed: IOAdapter | None = None
    """Only for an imported file."""
    further: Mapping[str, InputSpec] = field(default_factory=dict)
    """The inputs that it takes after the first, by their names in the dataset, in its order."""
    float_parts: tuple[str, ...] = ()
    """Parts of a quantized artifact that stayed in float, each with its reason."""
    notes: tuple[str, ...] = ()
    made_with: Mapping[str, str] = field(default_factory=dict)
    """Versions of the packages that built it."""
    max_abs_error: float | None = None
    """Largest difference of a logit to the model's own, in a fresh process, over the check records."""
    check_records: int = 0
    zip_size_bytes: int | None = None
    """Size of the files compressed by deflate, in bytes: the size of a download. Zero weights make it smaller."""
    macs: int | None = None
    """Multiply-adds of one record in the variant's network."""
    task: str = field(kw_only=True)
    """Name of the task that its outputs are for; empty where nothing says one."""
    int8_weights: float | None = None
    """Share of the weights that are int8 in the file; None where unknown."""
    int8_macs: float | None = None
    """Share of the multiply-adds that int8 weights take part in."""
    delegated: float | None = None
    """Share of the operators that the format's backend took at the export; None where there is no such choice."""
    before: Mapping[str, float] = field(default_factory=dict)
    """`parameters`, `macs` and `sparsity` of the network before it was compressed; empty where it was not."""
    untrained: bool = False
    """Whether its weights are random, so that its answers say nothing."""
    files: Mapping[str, FilePart] = field(default_factory=dict)
    """All files by name, `file` first, which lie side by side; empty for an artifact of one file."""
    fixed_batch: int = 0
    """The number of records of each call, where it takes no other; 0 for any number."""
    layer_prefix: str = ""
    """What the file has before the names of the network's own layers: EdgeBench wraps networks of the user's."""

    @property
    def batch(self) -> int:
        """The only number of records that a call takes; 0 for any number."""
        return self.fixed_batch or (1 if self.feed and self.feed.single else 0)

    def __post_init__(self) -> None:
        """Raise InvalidValue where files have no plain names, or the file takes positions that its input lacks."""
        if self.fixed_batch < 0:
            raise InvalidValue(Problem("fixed_batch", "must be at least 0", self.fixed_batch))
        if self.files and next(iter(self.files)) != self.file:
            raise InvalidValue(Problem("files", f"must begin with {self.file!r}"))
        for name in self.files:
            if not name or "/" in name or name in (".", ".."):
                raise InvalidValue(Problem("files", "must have plain names, without a folder", name))
        if self.feed:
            self.feed.shape(self.input)
            if len(self.feed.further) != len(self.further):
                words = f"{len(self.feed.further)} further inputs of the file for {len(self.further)} of the records"
                raise InvalidValue(Problem("further", words))


@dataclass(frozen=True)
class Job:
    """The request to a worker process: one artifact, one kind of measurement."""

    kind: JobKind
    artifact: Artifact
    path: str
    """The artifact's file."""
    device: str
    threads: int
    engine: str
    input: StoredInput
    """The records."""
    output: str
    """The file to which the worker writes its array: logits (float32) or latencies in seconds (float64)."""
    records: int | None = None
    batch: int = 1
    warmup: int = 10
    min_samples: int = 100
    min_seconds: float = 1.0
    period_s: float = 0.0
    """Time from the start of one sample to that of the next; 0 for at once."""
    max_seconds: float | None = None
    """Seconds from loading on until no further prediction begins, except for the first; None for no limit."""
    cores: tuple[int, ...] = ()
    memory_limit_bytes: int | None = None
    """Memory limit of the process in bytes, the runtime included."""
    in_cgroup: bool = False
    """Whether the kernel already enforces that limit."""
    further: tuple[StoredInput, ...] = ()
    """The further inputs of the records that the artifact takes, in its order."""
    profile: str = ""
    """The file for the times of the operators, which are profiled after the job's own measurement; empty for none."""
    profile_seconds: float | None = None
    """Seconds of the profiled predictions, at most, except for the first; None for the usual."""
    memory: bool = False
    """Whether a timed process measures its memory, too."""
    runtime: str = ""
    """The runtime's plug-in as `module:attribute`, so that the worker need not search all installed packages."""
    turn: str = ""
    """The file that two workers share which import side by side (`isolation.turns`); empty for one that is alone."""


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """The status of one job, with its result where the status is `ok`."""

    status: Status
    reason: str = ""
    result: R | None = None

    @property
    def value(self) -> R:
        """The result of an outcome that is `ok`."""
        assert self.result is not None, self.reason
        return self.result

    def failure(self) -> Outcome[Any]:
        """The same without a result: the reason why a later job could not run either."""
        return Outcome(self.status, self.reason)
