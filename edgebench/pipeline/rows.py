"""From the passes of one cell to its measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edgebench.core.contracts import Outcome
from edgebench.core.measurements import Measurement
from edgebench.measuring import summary
from edgebench.measuring.accuracy import Accuracy
from edgebench.pipeline.planned import Planned

Passes = Mapping[str, Sequence[summary.Process]]
"""What the timed passes of a cell gave, by name."""


def measurement(
    run: str,
    planned: Planned,
    dataset: str,
    host: str,
    outcome: Outcome[Any],
    accuracy: Accuracy | None = None,
    memory: Outcome[Any] | None = None,
    profile: Outcome[Any] | None = None,
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
        values |= asdict(memory.value)
    if profile is not None and profile.status == "ok":
        values |= asdict(profile.value)
    if passes and outcome.status == "ok":
        values |= summary.timed(passes, planned.fit.emulated)
        values["verdict_reason"] = planned.fit.because or values["verdict_reason"]
    return Measurement(
        run=run, model=cell.model, variant=cell.variant, exporter=cell.exporter,
        format=artifact.format if artifact else "", precision=artifact.precision if artifact else "",
        target=cell.target, status=outcome.status, reason=outcome.reason, emulated=planned.fit.emulated,
        dataset=dataset, host=host, **values,
    )  # fmt: skip
