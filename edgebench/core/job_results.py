"""What a worker process reports of an artifact, in base units; the operators of a profile are in `core.operators`.

A field that is None was not measured, or this machine does not show it. Each worker imports this, so no other record is
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Predicted:
    """One process that predicted the test records."""

    records: int
    settings: Mapping[str, str] = field(default_factory=dict)
    """The provider, engine and threads that the artifact used."""


@dataclass(frozen=True)
class Memory:
    """Resident memory of one process that loads the artifact and predicts single records."""

    peak_rss_bytes: int
    model_rss_bytes: int | None = None
    """Memory of the loaded model."""
    runtime_rss_bytes: int | None = None
    """The rest: Python and the runtime's libraries. None in runs of earlier versions."""
    peak_device_bytes: int | None = None
    """On the accelerator; None on a CPU."""


@dataclass(frozen=True)
class TimedProcess:
    """One process of a timed pass; its samples are in a file."""

    load_s: float
    first_inference_s: float
    samples: int
    period_s: float = 0.0
    """Time from the start of one prediction to that of the next; 0 where each follows the last at once."""
    background_cores: float | None = None
    """Cores that other processes kept busy, on average."""
    throttled: bool = False
    throttled_by: tuple[str, ...] = ()
    temperature_c: float | None = None
    frequency_hz: float | None = None
    energy_j: float | None = None
    """Of one prediction."""
    energy_source: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    spent_s: float = 0.0
    """From loading on to the last sample."""
    memory: Memory | None = None
    """Of this process, where the job asks for it."""


@dataclass(frozen=True)
class ColdStart:
    """One process that loaded the file and predicted once."""

    load_s: float
    first_inference_s: float
    evicted: bool
    """Whether the system evicted the file from its page cache before; if not, the start was not cold."""
