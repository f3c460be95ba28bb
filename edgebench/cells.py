"""From the passes of one cell to its measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.artifacts import Built
from edgebench.contracts import Artifact, Cell, Job, Outcome, Target
from edgebench.measurements import Measurement, Verdict
from edgebench.measuring.accuracy import Accuracy
from edgebench.profiles import Fit, threads_here
from edgebench.statistics import bootstrap_median

NOISY_SPREAD = 1.10
"""Medians of a cell's processes that differ by more than this factor are noisy."""
P99_SAMPLES = 662
"""Samples from which on the 99th percentile is told: with fewer, its 95 % interval has no upper end among them."""


@dataclass(frozen=True)
class Planned:
    """A cell with all that is needed to measure it."""

    cell: Cell
    target: Target
    fit: Fit
    built: Built

    @property
    def artifact(self) -> Artifact:
        """The artifact; only where it was built."""
        assert self.built.artifact is not None
        return self.built.artifact

    @property
    def blocked(self) -> Outcome | None:
        """Why there is nothing to measure, known before anything runs; None where there is."""
        if self.fit.reason:
            return Outcome("unsupported", self.fit.reason)
        return None if self.built.artifact is not None else self.built.outcome

    @property
    def engine(self) -> str:
        """torch's quantized engine to set; empty for a file that has no int8 TorchScript in it."""
        if self.artifact.format != "torchscript" or self.artifact.precision == "fp32":
            return ""
        return self.artifact.engine or self.target.quantized_engine

    def job(self, kind: Any, signals: Path, output: Path, **settings: Any) -> Job:
        """A worker's job on this cell."""
        threads = settings.pop("threads", None) or threads_here(self.target)
        return Job(
            kind, self.artifact, str(self.built.path), self.target.device, threads, self.engine, str(signals),
            str(output), **settings,
        )  # fmt: skip


def measurement(
    run: str,
    planned: Planned,
    dataset: str,
    host: str,
    outcome: Outcome,
    accuracy: Accuracy | None = None,
    memory: Outcome | None = None,
    profile: Outcome | None = None,
    latency: Sequence[tuple[Outcome, Path]] = (),
) -> Measurement:
    """The row of a cell: whatever was measured, with the status and reason of `outcome`."""
    cell, artifact = planned.cell, planned.built.artifact
    values: dict[str, Any] = {}
    if artifact is not None:
        values |= {
            "file_size_bytes": artifact.file_size_bytes, "parameters": artifact.parameters,
            "sparsity": artifact.sparsity, "artifact_sha256": artifact.sha256,
            "zip_size_bytes": artifact.zip_size_bytes, "macs": artifact.macs,
            "parameters_before": artifact.before.get("parameters"), "macs_before": artifact.before.get("macs"),
            "sparsity_before": artifact.before.get("sparsity"),
        }  # fmt: skip
    if accuracy is not None:
        values |= asdict(accuracy)
    if memory is not None and memory.status == "ok":
        values |= memory.values
    if profile is not None and profile.status == "ok":
        values |= profile.values
    if latency and outcome.status == "ok":
        values |= _latency(latency, planned.fit.emulated)
    return Measurement(
        run=run, model=cell.model, variant=cell.variant, exporter=cell.exporter,
        format=artifact.format if artifact else "", precision=artifact.precision if artifact else "",
        target=cell.target, status=outcome.status, reason=outcome.reason, emulated=planned.fit.emulated,
        dataset=dataset, host=host, **values,
    )  # fmt: skip


def _latency(passes: Sequence[tuple[Outcome, Path]], emulated: bool) -> dict[str, Any]:
    measured = [np.load(path) for _, path in passes]
    # The loop is bounded in time, so a fast process gives more samples; each process is to count alike.
    processes = [samples[: min(map(len, measured))] for samples in measured]
    outcomes = [outcome.values for outcome, _ in passes]
    pooled = np.concatenate(processes)
    low, high = bootstrap_median(processes)
    return {
        "load_s": float(np.median([o["load_s"] for o in outcomes])),
        "first_inference_s": float(np.median([o["first_inference_s"] for o in outcomes])),
        "latency_p50_s": float(np.median(pooled)), "latency_p50_low_s": low, "latency_p50_high_s": high,
        "latency_p90_s": float(np.quantile(pooled, 0.9)),
        "latency_p99_s": float(np.quantile(pooled, 0.99)) if len(pooled) >= P99_SAMPLES else None,
        "latency_samples": len(pooled), "throughput_per_s": len(pooled) / float(pooled.sum()),
        "verdict": verdict([float(np.median(p)) for p in processes], any(o["throttled"] for o in outcomes), emulated),
    }  # fmt: skip


def verdict(medians: Sequence[float], throttled: bool, emulated: bool) -> Verdict | None:
    """How far a cell's timing can be trusted, from the medians of its processes; None where there is only one."""
    if emulated:
        return "emulated"
    if throttled:
        return "throttled"
    if len(medians) < 2:
        return None
    return "noisy" if max(medians) / min(medians) > NOISY_SPREAD else "stable"
