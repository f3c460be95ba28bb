"""From the passes of one cell to its measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgebench.artifacts.artifacts import Built
from edgebench.core.contracts import Artifact, Cell, Job, Outcome, Target
from edgebench.core.measurements import Measurement
from edgebench.core.target_profiles import Fit, threads_here
from edgebench.measuring import summary
from edgebench.measuring.accuracy import Accuracy

Passes = Mapping[str, Sequence[summary.Process]]
"""What the timed passes of a cell gave, by name."""


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
        threads = settings.pop("threads", None) or threads_here(self.target, settings.get("cores", ()))
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
    passes: Passes | None = None,
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
    if passes and outcome.status == "ok":
        values |= summary.timed(passes, planned.fit.emulated)
        values["verdict_reason"] = planned.fit.because or values["verdict_reason"]
    return Measurement(
        run=run, model=cell.model, variant=cell.variant, exporter=cell.exporter,
        format=artifact.format if artifact else "", precision=artifact.precision if artifact else "",
        target=cell.target, status=outcome.status, reason=outcome.reason, emulated=planned.fit.emulated,
        dataset=dataset, host=host, **values,
    )  # fmt: skip
