"""From the outcomes of a cell's jobs to its measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgebench.artifacts.artifacts import Built
from edgebench.core.contracts import Artifact, Cell, Job, Outcome, Target
from edgebench.core.measurements import Measurement
from edgebench.core.results import ArtifactFacts, ColdStart, Latency, Memory, Network, Operators, Scores, TimedProcess
from edgebench.core.serialization import from_dict
from edgebench.core.target_profiles import Fit, threads_here
from edgebench.measuring import summary

Passes = Mapping[str, Sequence[tuple[Outcome, Path]]]
"""The outcomes of the timed passes of a cell by name, each with the file of its samples."""


@dataclass(frozen=True)
class Planned:
    """A cell with its target and its artifact."""

    cell: Cell
    target: Target
    fit: Fit
    built: Built

    @property
    def artifact(self) -> Artifact:
        """The artifact; call this only where it was built."""
        assert self.built.artifact is not None
        return self.built.artifact

    @property
    def blocked(self) -> Outcome | None:
        """Why the cell cannot be measured, known before any job runs; None where it can."""
        if self.fit.reason:
            return Outcome("unsupported", self.fit.reason)
        return None if self.built.artifact is not None else self.built.outcome

    @property
    def engine(self) -> str:
        """torch's quantized engine to set; empty unless the file is int8 TorchScript."""
        if self.artifact.format != "torchscript" or self.artifact.precision == "fp32":
            return ""
        return self.artifact.engine or self.target.quantized_engine

    def job(self, kind: Any, signals: Path, output: Path, **settings: Any) -> Job:
        """A job for a worker on this cell."""
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
    scores: Scores | None = None,
    memory: Outcome | None = None,
    profile: Outcome | None = None,
    passes: Passes | None = None,
) -> Measurement:
    """The measurement of a cell: whatever was measured, with the status and reason of `outcome`."""
    artifact = planned.built.artifact
    return Measurement(
        run, planned.cell, outcome.status, outcome.reason, planned.fit.emulated,
        artifact.format if artifact else "", artifact.precision if artifact else "", dataset, host,
        _facts(artifact) if artifact else None,
        from_dict(Memory, dict(memory.values)) if memory and memory.status == "ok" else None,
        _latency(passes, planned.fit) if passes and outcome.status == "ok" else None,
        scores,
        from_dict(Operators, dict(profile.values)) if profile and profile.status == "ok" else None,
    )  # fmt: skip


def _facts(artifact: Artifact) -> ArtifactFacts:
    before = {name: artifact.before.get(name) for name in ("parameters", "macs", "sparsity")}
    parameters, macs = (None if (n := before[name]) is None else int(n) for name in ("parameters", "macs"))
    return ArtifactFacts(
        artifact.file_size_bytes, artifact.sha256, artifact.zip_size_bytes,
        Network(artifact.parameters, artifact.macs, artifact.sparsity),
        Network(parameters, macs, before["sparsity"]) if artifact.before else None,
    )  # fmt: skip


def _latency(passes: Passes, fit: Fit) -> Latency:
    timed = {
        name: [(from_dict(TimedProcess, dict(outcome.values)), path) for outcome, path in done]
        for name, done in passes.items()
        if name != "cold"
    }
    cold = [from_dict(ColdStart, dict(outcome.values)) for outcome, _ in passes.get("cold", ())]
    batches = {int(name.removeprefix("batch")): done for name, done in timed.items() if name.startswith("batch")}
    found = summary.latency(timed["latency"], fit.emulated, timed.get("paced", ()), batches, cold)
    return replace(found, steadiness=replace(found.steadiness, reason=fit.because or found.steadiness.reason))
