"""What a run gives: a row a cell, the operators of a prediction, the run as read back from its folder.

Standard library only, like the other records.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from edgebench.contracts import STRICT, Cell, Status

Verdict = Literal["stable", "noisy", "throttled", "emulated"]
OperatorKind = Literal["int8", "conversion", "float"]


@dataclass(frozen=True)
class Measurement:
    """What one cell gave, or why it gave nothing. The fields are the columns of report.csv, in their order."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    run: str
    model: str
    variant: str
    exporter: str
    format: str
    precision: str
    target: str
    status: Status
    reason: str
    emulated: bool
    file_size_bytes: int | None = None
    parameters: int | None = None
    sparsity: float | None = None
    zip_size_bytes: int | None = None
    macs: int | None = None
    parameters_before: int | None = None
    macs_before: int | None = None
    sparsity_before: float | None = None
    peak_rss_bytes: int | None = None
    model_rss_bytes: int | None = None
    runtime_rss_bytes: int | None = None
    peak_device_bytes: int | None = None
    load_s: float | None = None
    first_inference_s: float | None = None
    cold_load_s: float | None = None
    cold_first_inference_s: float | None = None
    latency_p50_s: float | None = None
    latency_p50_low_s: float | None = None
    latency_p50_high_s: float | None = None
    latency_min_s: float | None = None
    latency_p90_s: float | None = None
    latency_p95_s: float | None = None
    latency_p99_s: float | None = None
    latency_max_s: float | None = None
    latency_samples: int | None = None
    process_medians_s: tuple[float, ...] = ()
    throughput_per_s: float | None = None
    paced_every_s: float | None = None
    paced_p50_s: float | None = None
    paced_p50_low_s: float | None = None
    paced_p50_high_s: float | None = None
    batch_throughputs_per_s: Mapping[str, float] = field(default_factory=dict)
    best_batch: int | None = None
    energy_j: float | None = None
    energy_source: str = ""
    verdict: Verdict | None = None
    verdict_reason: str = ""
    background_cores: float | None = None
    drift: float | None = None
    temperature_c: float | None = None
    int8_operators: int | None = None
    float_operators: int | None = None
    conversions: int | None = None
    int8_time_share: float | None = None
    conversion_time_share: float | None = None
    slowest_operator: str = ""
    slowest_operator_share: float | None = None
    dataset: str = ""
    records: int | None = None
    macro_f1: float | None = None
    macro_f1_low: float | None = None
    macro_f1_high: float | None = None
    macro_auc: float | None = None
    macro_auc_low: float | None = None
    macro_auc_high: float | None = None
    calibration_error: float | None = None
    f1_by_class: Mapping[str, float] = field(default_factory=dict)
    delta_macro_f1: float | None = None
    delta_low: float | None = None
    delta_high: float | None = None
    delta_macro_auc: float | None = None
    delta_auc_low: float | None = None
    delta_auc_high: float | None = None
    agreement: float | None = None
    max_abs_error: float | None = None
    counterpart: str = ""
    counterpart_delta: float | None = None
    counterpart_low: float | None = None
    counterpart_high: float | None = None
    artifact_sha256: str = ""
    host: str = ""

    @property
    def cell(self) -> Cell:
        """The cell that this is the measurement of."""
        return Cell(self.model, self.variant, self.exporter, self.target)


@dataclass(frozen=True)
class OperatorTime:
    """One kind of operator in one prediction, as the runtime's own profiler saw it."""

    name: str
    kind: OperatorKind
    """`conversion` quantizes or dequantizes; `float` is what is neither that nor takes int8."""
    calls: int
    """In one prediction."""
    seconds: float
    """Of all its calls in one prediction, on average."""


@dataclass(frozen=True)
class Run:
    """A finished or interrupted run, read back from its folder."""

    name: str
    folder: Path
    plan: Mapping[str, Any]
    environment: Mapping[str, Any]
    measurements: tuple[Measurement, ...]
    devices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Environments of other machines than the run's own, by their rows' `host`."""
    parts: tuple[Run, ...] = ()
    """The runs that this one was merged from; empty for one that was not."""

    def environment_of(self, m: Measurement) -> Mapping[str, Any]:
        """The machine that a cell was measured on."""
        return self.devices.get(m.host, self.environment)

    def part_of(self, m: Measurement) -> Run:
        """The run whose folder and plan a cell has: this one, or that of the merged ones which measured it."""
        return self._homes.get((m.run, m.host, m.cell.id), self)

    @functools.cached_property
    def _homes(self) -> dict[tuple[str, str, str], Run]:
        return {(m.run, m.host, m.cell.id): part for part in self.parts for m in part.measurements}


def by_device(rows: Sequence[Measurement]) -> list[tuple[str, list[Measurement]]]:
    """The rows of each machine with its name; where several runs on it do not go together, those of each run.

    They do not where both have the same cell, or where their scores are those of other records.
    """
    found = []
    for host in sorted({m.host for m in rows}):
        there = [m for m in rows if m.host == host]
        alike = len({(m.dataset, m.records) for m in there if m.records is not None}) <= 1
        alike |= len({m.run for m in there}) == 1
        if alike and len({m.cell.id for m in there}) == len(there):
            found.append((host, there))
        else:
            found += [
                (f"{host}, run {run}", [m for m in there if m.run == run]) for run in sorted({m.run for m in there})
            ]
    return found
