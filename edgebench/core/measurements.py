"""What a run gives: a row a cell, the operators of a prediction, the run as read back from its folder.

Standard library only, like the other records.
"""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from edgebench.core.contracts import STRICT, Cell, Status
from edgebench.core.results import Verdict
from edgebench.core.settings import Measuring


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

    @property
    def unmeasured(self) -> int:
        """How many cells of the plan have no row yet: an interrupted run's, which a resume measures."""
        if self.parts:
            return sum(part.unmeasured for part in self.parts)
        counts = [len(self.plan.get(name) or ()) for name in ("models", "variants", "exporters")]
        files = len(self.plan.get("artifacts") or ()) or math.prod(counts)
        return max(0, files * len(self.plan.get("targets") or ()) - len(self.measurements))

    def environment_of(self, m: Measurement) -> Mapping[str, Any]:
        """The machine that a cell was measured on."""
        part = self.part_of(m)
        return part.devices.get(m.host, part.environment)

    def part_of(self, m: Measurement) -> Run:
        """The run whose folder and plan a cell has: this one, or that of the merged ones which measured it."""
        return self._homes.get((m.run, m.host, m.cell.id), self)

    @functools.cached_property
    def _homes(self) -> dict[tuple[str, str, str], Run]:
        return {(m.run, m.host, m.cell.id): part for part in self.parts for m in part.measurements}


def by_machine(run: Run) -> list[tuple[str, list[Measurement]]]:
    """The cells of each machine with its name, in the run's order: all that may stand in one table.

    Where several runs on a machine do not go together, the cells of each run are apart. They do not where both have
    the same cell, where their scores are those of other records, or where threads, packages or the settings of
    measuring differ.
    """
    found: list[tuple[str, list[Measurement]]] = []
    for host in sorted({m.host for m in run.measurements}):
        there = [m for m in run.measurements if m.host == host]
        apart = {_source(run, m): m for m in there}
        if len(apart) > 1 and not _go_together(run, there):
            taken: Counter[str] = Counter()
            groups = []
            for source in sorted(apart):
                taken[source[0]] += 1
                more = f" ({taken[source[0]]})" if taken[source[0]] > 1 else ""  # another folder of the same name
                groups.append((f"{host}, run {source[0]}{more}", [m for m in there if _source(run, m) == source]))
        else:
            groups = [(host, there)]
        for name, rows in groups:
            datasets = sorted({m.dataset for m in rows})
            found += [
                (f"{name}, {dataset}" if len(datasets) > 1 else name, [m for m in rows if m.dataset == dataset])
                for dataset in datasets
            ]
    return found


def _source(run: Run, m: Measurement) -> tuple[str, Path]:
    """Tells the runs apart that a cell can be of."""
    return m.run, run.part_of(m).folder


def _go_together(run: Run, rows: Sequence[Measurement]) -> bool:
    """Whether no cell is there twice, and all were scored and timed alike."""
    records = {(m.dataset, m.records) for m in rows if m.records is not None}
    measured = [m for m in rows if m.status == "ok"]
    alike = len({_conditions(run, m) for m in measured}) <= 1
    threads = {(m.target, run.environment_of(m).get("target_threads", {}).get(m.target)) for m in measured}
    once = len({m.cell.id for m in rows}) == len(rows)
    return once and alike and len(records) <= 1 and len(threads) == len({target for target, _ in threads})


def _conditions(run: Run, m: Measurement) -> str:
    """What has to be the same for the cells of two runs on one machine to stand in one table, beside the threads."""
    facts = run.environment_of(m)
    # A plan of an earlier version lacks the newer fields; when a job is given up changes no figure.
    measuring = asdict(Measuring()) | dict(run.part_of(m).plan.get("measuring") or {}) | {"timeout_s": None}
    return json.dumps([measuring, facts.get("python"), facts.get("packages")], sort_keys=True, default=str)
