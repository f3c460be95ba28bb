"""What goes into a bundle, collected from runs and folders of artifacts."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.artifacts import artifacts
from edgebench.core import target_profiles
from edgebench.core.contracts import Artifact, Cell, Job, RecordSet
from edgebench.core.errors import ArtifactError
from edgebench.core.options import REFERENCE
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import validated
from edgebench.measuring import environment
from edgebench.measuring.accuracy import BATCH
from edgebench.pipeline import harness, run_store
from edgebench.pipeline import plan as plans
from edgebench.pipeline.plan import Plan
from edgebench.remote.bundles.writing import Contents, Said

Found = tuple[Artifact, Path]


def collect(paths: list[Path], data: bool, overrides: dict[str, Any], reporter: ProgressReporter) -> Contents:
    """The artifacts of runs and folders, with the first run's plan for the rest; `overrides` are fields of a plan.

    Without `data` there are no records and no references. Raises EdgeBenchError where something is missing or damaged.
    """
    runs = [path for path in paths if (path / "plan.json").is_file()]
    began = plans.over_saved(run_store.saved_plan(runs[0]), overrides) if runs else plans.load(None, _first(overrides))
    found: list[Found] = []
    for path in paths:
        found += _of_run(path) if path in runs else [_read(m, False) for m in artifacts.manifests(path)]
    machine = environment.machine()
    contents = Contents(
        tuple(found), tuple(target_profiles.find(name, machine) for name in began.targets), measuring=began.measuring,
        threads=began.threads, seed=began.seed,
    )  # fmt: skip
    if not data:
        return contents
    records = harness.load_records(began, "test", reporter)
    said = {(one.model, one.model_sha256): one for run in runs for one in _kept(run, records)}
    for artifact, path in found:
        if _is_reference(artifact) and (artifact.model, artifact.model_sha256) not in said:
            reporter.detail(f"the fp32 predictions of {artifact.model}")
            if one := _asked(artifact, path, records, began.measuring.timeout_s, reporter):
                said[one.model, one.model_sha256] = one
    return replace(contents, records=records, references=tuple(said.values()))


def _first(overrides: dict[str, Any]) -> dict[str, Any]:
    return {"targets": ("host",), **overrides}


def _read(manifest: Path, tuned: bool) -> Found:
    built = artifacts.read(manifest, tuned)
    assert built.artifact and built.path
    return built.artifact, built.path


def _of_run(run: Path) -> list[Found]:
    """The artifacts whose cells the run measured."""
    plan = plans.over_saved(run_store.saved_plan(run), {})
    if plan.artifacts:
        return [_given(run, path, plan) for path in plan.artifacts]
    home = run / "artifacts"
    found = [_read(m, False) for m in artifacts.manifests(home)] if home.is_dir() and any(home.iterdir()) else []
    if not found:
        raise ArtifactError(f"{run}: the run has no artifacts any more; bundle the folder that they are in")
    return [(a, p) for a, p in found if a.variant in plan.variants and a.exporter in plan.exporters]


def _given(run: Path, path: Path, plan: Plan) -> Found:
    """An artifact that the run read, with the thresholds that the run chose for it."""
    artifact, file = _read(path, plan.tune_thresholds)
    kept = run / "artifacts" / artifact.model / artifact.exporter / artifacts.MANIFEST
    if artifact.feed and kept.is_file():
        artifact = validated(Artifact, json.loads(kept.read_text(encoding="utf-8")), str(kept), ArtifactError)
    return artifact, file


def _is_reference(artifact: Artifact) -> bool:
    return artifact.exporter == REFERENCE and artifact.variant == "none"


def _kept(run: Path, records: RecordSet) -> list[Said]:
    """What the run has of its fp32 models' predictions; nothing where it was on other records."""
    if run_store.saved_inputs(run).get("records") != harness.identity(records):
        return []
    found = []
    for manifest in (run / "artifacts").rglob(artifacts.MANIFEST):
        artifact, _ = _read(manifest, False)
        path = run / "predictions" / f"{Cell(artifact.model, 'none', REFERENCE, 'cpu').id}.npy"
        if _is_reference(artifact) and path.is_file():
            found.append(Said(artifact.model, artifact.model_sha256, artifact.thresholds, np.load(path)))
    return found


def _asked(
    artifact: Artifact, path: Path, records: RecordSet, timeout_s: float, reporter: ProgressReporter
) -> Said | None:
    """What an fp32 model says of the records here; None, with a note, where it cannot be asked."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "logits.npy"
        job = Job("predict", artifact, str(path), "cpu", 1, "", str(records.signals), str(output), batch=BATCH)
        outcome = artifacts.perform(job, timeout_s)
        if outcome.status != "ok":
            reporter.note(f"{artifact.model}: no fp32 predictions in the bundle: {outcome.reason}")
            return None
        return Said(artifact.model, artifact.model_sha256, artifact.thresholds, np.load(output))
