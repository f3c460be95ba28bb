"""An artifact and a cell of a run before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.core import formats
from edgebench.core.cells import Cell, Target
from edgebench.core.contracts import Artifact, Job, JobKind, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import RunError
from edgebench.core.job_keys import JobKey
from edgebench.core.target_profiles import Fit, threads_here

ArtifactKey = tuple[str, str, str]
"""Model, variant and exporter."""


@dataclass(frozen=True)
class Built:
    """An artifact of the run with its file, or the reason why there is none."""

    outcome: Outcome[Artifact]
    path: Path | None = None

    @property
    def artifact(self) -> Artifact | None:
        """The artifact's record; None where there is none."""
        return self.outcome.result


@dataclass(frozen=True)
class Planned:
    """A cell with everything that its measurement needs."""

    cell: Cell
    target: Target
    fit: Fit
    built: Built

    @property
    def artifact(self) -> Artifact:
        """The artifact; raises RunError if it was not built."""
        if self.built.artifact is None:
            raise RunError(f"{self.cell.label}: there is no artifact")
        return self.built.artifact

    @property
    def blocked(self) -> Outcome[Any] | None:
        """The reason, known before any job runs, why the cell cannot be measured; None if it can."""
        if self.fit.reason:
            return Outcome("unsupported", self.fit.reason)
        return None if self.built.artifact is not None else self.built.outcome

    @property
    def engine(self) -> str:
        """torch's quantized engine to set; empty for a file that has no int8 TorchScript in it."""
        if self.artifact.precision == "fp32" or not formats.uses_engine(self.artifact.format):
            return ""
        return self.artifact.engine or self.target.quantized_engine

    @property
    def prediction(self) -> JobKey:
        """The key of the cell's prediction, which cells that run the same file in the same way share."""
        return JobKey.of_prediction(self.cell, self.target.device, self.engine)

    def key(self, stage: str, number: int | None = None) -> JobKey:
        """The key of one of the cell's other jobs."""
        return JobKey.of_cell(stage, self.cell, number)

    def job(self, kind: JobKind, records: RecordSet, output: Path, **settings: Any) -> Job:
        """A worker's job on this cell; `settings` are further fields of the job."""
        threads = settings.pop("threads", None) or threads_here(self.target, settings.get("cores", ()))
        return Job(
            kind, self.artifact, str(self.built.path), self.target.device, threads, self.engine, records.input,
            str(output), further=records.further(self.artifact.further), **settings,
        )  # fmt: skip
