"""The settings of fine-tuning, of measuring and of a gate: records in base units.

Standard library only, so that the device side can read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from edgebench.core.policy import NAMES, Name
from edgebench.core.problems import InvalidValue, Problem, not_among, require_range

MODELS = ("resnet1d",)
VARIANTS = ("none",)
TARGETS = ("host", "arm-qnnpack")
DATASET = "demo"
CALIBRATION_RECORDS = 256
SEED = 0
"""The models and exporters of an empty plan."""
MOST_THREADS = 256
"""A larger number is a typing error: no machine that EdgeBench supports has so many cores."""
LEAST: dict[str, float] = {
    "processes": 1, "warmup": 0, "min_samples": 1, "min_seconds": 0, "timeout_s": 1, "cores": 0, "paced_s": 1e-3,
    "max_seconds": 1e-3, "batches": 1, "cold_starts": 0, "cool_down_c": 0, "cool_down_limit_s": 0, "steady": 1e-3,
    "steady_limit_s": 0,
}  # fmt: skip
"""Fields of `Measuring`, each with its smallest value."""
Preset = Literal["", "quick", "thorough"]
QUICK: Preset = "quick"
THOROUGH: Preset = "thorough"
PRESETS: dict[str, dict[str, Any]] = {
    QUICK: {
        "limit": 100,
        "calibration_records": 32,
        "measuring": {"processes": 1, "warmup": 3, "min_samples": 20, "min_seconds": 0.1, "max_seconds": 30.0},
    },
    THOROUGH: {
        "measuring": {"processes": 10, "warmup": 50, "min_samples": 200, "min_seconds": 2.0, "max_seconds": None}
    },
}
"""The fields of a plan that a preset sets, where neither the plan nor a flag does. Ten processes of 200 samples have a
99th percentile, and intervals under a third as wide as those of three processes that spread alike."""


SHARES = {"predict": 0.4, "memory": 0.1, "latency": 0.4, "profile": 0.1}
"""How the stages of a cell share its `max_seconds`."""


@dataclass(frozen=True)
class FineTuning:
    """How a compressed network is trained further, to recover its score."""

    epochs: int = 0
    """Passes over the training records after each compression."""
    qat_epochs: int = 0
    """Epochs of quantization-aware training; 0 for as many as `epochs`."""
    rounds: int = 1
    """Steps in which structured pruning reaches its share, each followed by the epochs."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """Changed fields of the model's own recipe."""


@dataclass(frozen=True)
class Measuring:
    """How long and how often latency is measured."""

    processes: int = 3
    """Fresh processes a cell; one for an emulated cell."""
    warmup: int = 10
    """Predictions of each process before the timed ones."""
    min_samples: int = 100
    """Timed predictions of each process, at least."""
    min_seconds: float = 0.5
    """Seconds of timed predictions of each process, at least."""
    max_seconds: float | None = None
    """Seconds of a cell's predictions, memory, timing and profile in all, at most."""
    timeout_s: float = 600.0
    """Seconds without an answer until a job is ended."""
    cores: tuple[int, ...] = ()
    """Cores to which timed processes are pinned; empty for all."""
    paced_s: float | None = None
    """Also time one sample every so many seconds, as a patient monitor does."""
    batches: tuple[int, ...] = ()
    """Also time batches of these sizes."""
    cold_starts: int = 0
    """Processes a cell that load the file from the disk, not the page cache."""
    cool_down_c: float | None = None
    """Wait before each timed process until the machine is this cool."""
    cool_down_limit_s: float = 300.0
    """Longest such wait."""
    steady: float | None = None
    """Add processes until the median's interval is at most this share of the median."""
    steady_limit_s: float = 600.0
    """Seconds for these processes in all, at most."""
    preset: Preset = ""
    """Sets what the plan omits: for a first look, or for a publication."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for the first field that is too small, or that contradicts another."""
        for name, least in LEAST.items():
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else (value,):
                require_range(name, one, least)
        if self.preset not in get_args(Preset):
            raise InvalidValue(not_among("preset", [name for name in get_args(Preset) if name], self.preset))
        if self.steady is not None and self.preset == QUICK:
            raise InvalidValue(Problem("steady", "adds processes, which a quick run does not: omit one of the two"))
        if self.steady is not None and self.max_seconds is not None:
            raise InvalidValue(Problem("steady", "has a limit of its own, steady_limit_s: omit max_seconds"))

    def seconds(self, stage: str) -> float | None:
        """The share of `max_seconds` for a stage; None without a limit."""
        return None if self.max_seconds is None else SHARES[stage] * self.max_seconds

    @property
    def quick(self) -> bool:
        """Whether the run is for a first look only."""
        return self.preset == QUICK


@dataclass(frozen=True)
class Bounds:
    """How much worse a cell may be than its baseline before `gate` calls it a regression."""

    slowdown: float = 0.03
    """Bound of the median latency, as a share; a ratio counts only where its interval is above 1, and where the fastest
    sample became slower too, by more than half of this. Slower code slows every sample; other work on the
    machine slows some of them."""
    score_drop: float | None = None
    """How much worse the primary metric may be, in its unit; None for half of its usual drop: 0.005 of a share, 2.5 %
    of an error without an upper end."""
    size_growth: float = 0.01
    """Bound of the size of the file, as a share."""
    memory_growth: float = 0.10
    """Bound of the peak memory, as a share."""
    metrics: tuple[Name, ...] = NAMES
    """What is compared. Without `latency` and `memory`, runs of different machines can be compared as they are."""
