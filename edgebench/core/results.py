"""The parts of a measurement, in base units: some are what one process reports, others are computed from such results.

A field that is None was not measured, or this machine does not show it. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from edgebench.core.columns import COLUMNS, PARTS
from edgebench.core.job_results import ColdStart as ColdStart
from edgebench.core.job_results import Memory as Memory
from edgebench.core.job_results import Predicted as Predicted
from edgebench.core.job_results import TimedProcess as TimedProcess
from edgebench.core.metrics import Metric
from edgebench.core.operators import OperatorKind as OperatorKind
from edgebench.core.operators import Operators as Operators
from edgebench.core.operators import OperatorTime as OperatorTime
from edgebench.core.problems import InvalidValue, Problem

Verdict = Literal["stable", "noisy", "throttled", "emulated", "quick", "short"]


@dataclass(frozen=True)
class Compressed:
    """One process that compressed a model."""

    manifest: str
    """Name of the compressed model's manifest, in the requested folder."""


@dataclass(frozen=True)
class Network:
    """Size and sparsity of a network, independent of the format of its file."""

    parameters: int | None = None
    macs: int | None = None
    """Multiply-adds of one record."""
    sparsity: float | None = None
    """Share of the weights that are exactly zero."""


@dataclass(frozen=True)
class ArtifactFacts:
    """The file that was measured, and the network in it."""

    file_size_bytes: int
    sha256: str = ""
    zip_size_bytes: int | None = None
    """The file compressed by deflate."""
    network: Network = Network()
    """As it was exported."""
    before: Network | None = None
    """As it was before its compression; None where it was not compressed."""
    int8_weights: float | None = None
    """Share of the weights that are int8 in the file; None where unknown."""
    int8_macs: float | None = None
    """Share of the multiply-adds that int8 weights take part in."""
    untrained: bool = False
    """Whether its weights are random, so that it has no score."""
    delegated: float | None = None
    """Share of the operators that the format's backend took at the export; None where there is no such choice."""


@dataclass(frozen=True)
class Loading:
    """How long an artifact takes until its first answer: medians over processes."""

    load_s: float
    first_inference_s: float


@dataclass(frozen=True)
class Paced:
    """Predictions at a fixed pace instead of one after the other."""

    every_s: float
    p50_s: float
    p50_low_s: float | None = None
    p50_high_s: float | None = None


@dataclass(frozen=True)
class Batches:
    """Throughput by batch size."""

    throughputs_per_s: Mapping[str, float]
    """Records per second by batch size."""
    best: int
    """The size with the most records per second."""


@dataclass(frozen=True)
class Energy:
    """An estimate of the energy of one prediction."""

    joules: float
    source: str
    """The counter, and the part of the machine that it covers."""


@dataclass(frozen=True)
class Steadiness:
    """How steady the timing was, with the evidence."""

    verdict: Verdict | None = None
    """None where only one process was timed: the spread is then unknown."""
    reason: str = ""
    background_cores: float | None = None
    """Cores that other processes kept busy, in the process where they were the most."""
    drift: float | None = None
    """Of the process that drifted most: median of its last third over that of its first."""
    temperature_c: float | None = None
    """The highest after a process."""


@dataclass(frozen=True)
class Latency:
    """Time of one prediction, over the samples of all processes; intervals are 95 %."""

    p50_s: float
    p50_low_s: float | None = None
    """None, with the other end, where the samples are too few for an interval."""
    p50_high_s: float | None = None
    min_s: float | None = None
    """This and all further times are None in runs of earlier versions."""
    p90_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    """None where there are too few samples for it."""
    max_s: float | None = None
    samples: int | None = None
    process_medians_s: tuple[float, ...] = ()
    """In the order of the rounds."""
    throughput_per_s: float | None = None
    steadiness: Steadiness = Steadiness()
    warm: Loading | None = None
    """Loading with the file in the page cache."""
    cold: Loading | None = None
    """Loading with the file out of the page cache, where that was requested and the system evicts it."""
    paced: Paced | None = None
    batches: Batches | None = None
    energy: Energy | None = None


@dataclass(frozen=True)
class Score:
    """One metric on the test records with its 95 % interval, and its difference to the fp32 model's."""

    metric: Metric
    value: float
    low: float | None = None
    """None where the records are too few for an interval."""
    high: float | None = None
    delta: float | None = None
    """Compared with the uncompressed fp32 model on the same records; None where there is none."""
    delta_low: float | None = None
    delta_high: float | None = None

    @property
    def drop(self) -> float | None:
        """How much worse than the fp32 model, in the metric's unit; negative where it is better."""
        return None if self.delta is None else self.metric.drop(self.value, self.delta)


@dataclass(frozen=True)
class Counterpart:
    """The int8 artifact, plainer or with other options, that this one is compared with, and the primary metric's
    difference to it."""

    name: str
    """Exporter and variant."""
    delta: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """The metrics of an artifact's predictions on the test records."""

    records: int
    metrics: tuple[Score, ...]
    """The primary one first."""
    by_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Further numbers, such as the recall of each class, each by the name of the class or output."""
    agreement: float | None = None
    """Share of the answers that agree with the fp32 model's."""
    max_abs_error: float | None = None
    """Largest difference of an output to the fp32 model's."""
    counterpart: Counterpart | None = None
    undefined: tuple[Metric, ...] = ()
    """The task's metrics that have no value on these records."""

    def __post_init__(self) -> None:
        every = [*(score.metric for score in self.metrics), *self.undefined]
        names = [name for metric in every for name in metric.column_names] + list(self.by_class)
        if not self.metrics or len(set(names)) < len(names) or not COLUMNS.keys().isdisjoint(names):
            raise InvalidValue(Problem("metrics", "must be at least one, with columns of its own each"))

    @property
    def primary(self) -> Score:
        """The metric that decides."""
        return self.metrics[0]

    def columns(self) -> dict[str, Any]:
        """The columns of the task's own metrics."""
        found: dict[str, Any] = {name: None for metric in self.undefined for name in metric.column_names}
        for score in self.metrics:
            names = score.metric.column_names
            found |= {name: getattr(score, part) for name, part in zip(names, PARTS, strict=False)}
        return found | {name: dict(table) for name, table in self.by_class.items()}

    def of(self, name: str) -> Score | None:
        """The metric of that name; None where it is undefined on these records."""
        return next((score for score in self.metrics if score.metric.name == name), None)
