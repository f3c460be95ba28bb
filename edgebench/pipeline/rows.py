"""From the outcomes of a cell's jobs to its measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.job_results import Memory, TimedProcess
from edgebench.core.measurements import Measurement
from edgebench.core.operators import Operators
from edgebench.core.results import ArtifactFacts, Latency, Network, Scores
from edgebench.core.settings import Measuring
from edgebench.core.target_profiles import Fit
from edgebench.measuring import summary
from edgebench.pipeline.planned import Planned

Passes = Mapping[str, Sequence[tuple[Outcome[Any], Path]]]
"""The outcomes of the timed passes of a cell by name, each with the file of its samples."""


def measurement(
    run: str,
    planned: Planned,
    dataset: str,
    host: str,
    outcome: Outcome[Any],
    scores: Scores | None = None,
    memory: Outcome[Memory] | None = None,
    profile: Outcome[Operators] | None = None,
    passes: Passes | None = None,
    measuring: Measuring | None = None,
) -> Measurement:
    """The measurement of a cell: all measured parts, with the status and reason of `outcome`.

    `measuring` is what the plan asks for.
    """
    artifact = planned.built.artifact
    return Measurement(
        run, planned.cell, outcome.status, outcome.reason, planned.fit.emulated,
        artifact.format if artifact else "", artifact.precision if artifact else "", dataset, host,
        _facts(artifact) if artifact else None,
        memory.result if memory and memory.status == "ok" else None,
        _latency(passes, planned.fit, measuring or Measuring()) if passes and outcome.status == "ok" else None,
        scores,
        profile.result if profile and profile.status == "ok" else None,
    )  # fmt: skip


def _facts(artifact: Artifact) -> ArtifactFacts:
    before = {name: artifact.before.get(name) for name in ("parameters", "macs", "sparsity")}
    parameters, macs = (None if (n := before[name]) is None else int(n) for name in ("parameters", "macs"))
    return ArtifactFacts(
        artifact.file_size_bytes, artifact.sha256, artifact.zip_size_bytes,
        Network(artifact.parameters, artifact.macs, artifact.sparsity),
        Network(parameters, macs, before["sparsity"]) if artifact.before else None,
        artifact.int8_weights, artifact.int8_macs, artifact.untrained, artifact.delegated,
    )  # fmt: skip


def _latency(passes: Passes, fit: Fit, measuring: Measuring) -> Latency:
    timed = {name: [(outcome.value, path) for outcome, path in done] for name, done in passes.items() if name != "cold"}
    cold = [outcome.value for outcome, _ in passes.get("cold", ())]
    batches = {int(name.removeprefix("batch")): done for name, done in timed.items() if name.startswith("batch")}
    found = summary.latency(
        timed["latency"], fit.emulated, timed.get("paced", ()), batches, cold, measuring.quick,
        _short([outcome.value for outcome, _ in passes["latency"]], measuring),
    )  # fmt: skip
    return replace(found, steadiness=replace(found.steadiness, reason=fit.because or found.steadiness.reason))


def _short(closed: Sequence[TimedProcess], measuring: Measuring) -> str:
    """What the limit of time left out of the closed loop; empty where nothing."""
    asked, fewest = measuring.processes, min(one.samples for one in closed)
    if measuring.max_seconds is None or (len(closed) >= asked and fewest >= measuring.min_samples):
        return ""
    limit = f"a cell may take {measuring.max_seconds:g} s"
    return f"{limit}: {len(closed)} of {asked} processes, {fewest} samples in the least"
