"""The contents of a bundle, collected from runs and folders of artifacts."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.artifacts import import_file, manifests
from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core import arrays, artifact_files, class_order, formats, target_profiles
from edgebench.core.cells import Cell
from edgebench.core.contracts import REFERENCE, Artifact
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ArtifactError
from edgebench.core.expected import Expected
from edgebench.core.job_keys import JobKey
from edgebench.core.progress import ProgressReporter
from edgebench.data.signals import FOR_ECG
from edgebench.isolation import jobs
from edgebench.measuring import environment
from edgebench.pipeline import read_plan, records, run_store
from edgebench.pipeline.plan import Plan
from edgebench.remote.bundles.writing import Contents, ReferenceLogits


def collect(paths: Sequence[Path], data: bool, overrides: Mapping[str, Any], reporter: ProgressReporter) -> Contents:
    """The artifacts of runs and folders, with the first run's plan for the rest; `overrides` are fields of a plan.

    Without `data` there are no records and no references. Raises EdgeBenchError where something is missing or damaged.
    """
    runs = [path for path in paths if (path / "plan.json").is_file()]
    if runs:
        plan = read_plan.of_run(run_store.stored_plan(runs[0]), overrides)
    else:
        plan = read_plan.load(None, {"targets": ("host",), **overrides})
    named = [m for path in paths if path not in runs for m in manifests.manifests(path)]
    # An imported file is described for the records that it will be measured on.
    test = records.load(plan, "test", reporter) if data or any(map(import_file.is_imported, named)) else None
    wanted = FOR_ECG if test is None else records.wanted(test)
    found: list[StoredArtifact] = []
    for path in paths:
        read = (manifests.read(m, wanted=wanted) for m in manifests.manifests(path))
        found += _of_run(path, wanted) if path in runs else read
    machine, measure = environment.machine(), plan.measure
    contents = Contents(
        tuple((stored.artifact, stored.path) for stored in found),
        tuple(target_profiles.find(name, machine) for name in measure.targets), measuring=measure.measuring,
        threads=measure.threads, seed=measure.seed, policy=measure.policy,
    )  # fmt: skip
    if not data or test is None:
        return contents
    references = {(one.model, one.model_sha256): one for run in runs for one in _kept(run, test)}
    for stored in found:
        artifact = stored.artifact
        if _is_reference(artifact) and (artifact.model, artifact.model_sha256) not in references:
            reporter.detail(f"the fp32 predictions of {artifact.model}")
            if one := _predicted(stored, test, measure.measuring.timeout_s, reporter):
                references[one.model, one.model_sha256] = one
    return replace(contents, records=test, references=tuple(references.values()))


def _of_run(run: Path, wanted: Expected) -> list[StoredArtifact]:
    """The artifacts whose cells the run measured."""
    plan = read_plan.of_run(run_store.stored_plan(run), {})
    if plan.measure.artifacts:
        return [_imported(run, path, plan, wanted) for path in plan.measure.artifacts]
    home = run / "artifacts"
    found = [manifests.read(m) for m in manifests.manifests(home)] if home.is_dir() and any(home.iterdir()) else []
    if not found:
        raise ArtifactError(f"{run}: the run has no artifacts any more; bundle the folder that they are in")
    build = plan.build
    return [s for s in found if s.artifact.variant in build.variants and s.artifact.exporter in build.exporters]


def _imported(run: Path, path: Path, plan: Plan, wanted: Expected) -> StoredArtifact:
    """An artifact that the run read, as it was for the run's records, with the thresholds that it chose."""
    if import_file.is_imported(path) and path.is_file():
        content = artifact_files.digest(formats.files(formats.of_file(path), path))
        for kept in sorted((run / "artifacts").rglob(manifests.MANIFEST)):
            artifact = manifests.record(kept)
            if (artifact.file, artifact.sha256) == (path.name, content):
                return StoredArtifact(artifact, path)
    return manifests.read(path, plan.build.tune_thresholds, wanted)


def _is_reference(artifact: Artifact) -> bool:
    return artifact.exporter == REFERENCE and artifact.variant == "none" and not artifact.untrained


def _kept(run: Path, test: RecordSet) -> list[ReferenceLogits]:
    """The stored predictions of the run's fp32 models; none if they were on other records."""
    if run_store.stored_inputs(run).get("records") != records.identity(test):
        return []
    found = []
    for manifest in (run / "artifacts").rglob(manifests.MANIFEST):
        artifact = manifests.record(manifest)
        key = JobKey.of_prediction(Cell(artifact.model, "none", REFERENCE, ""), "cpu", "")
        path = run_store.output_of(run, key)
        if _is_reference(artifact):
            with contextlib.suppress(OSError, ValueError):  # it is predicted again
                logits = np.asarray(arrays.load(path, "f", (len(test), len(artifact.classes))), np.float32)
                found.append(_reference(artifact, logits, test))
    return found


def _predicted(
    stored: StoredArtifact, test: RecordSet, timeout_s: float, reporter: ProgressReporter
) -> ReferenceLogits | None:
    """Predict with an fp32 model on this machine; None, with a note, if that fails."""
    artifact = stored.artifact
    outcome = jobs.predict(artifact, stored.path, test, timeout_s)
    if outcome.status != "ok":
        reporter.note(f"{artifact.model}: no fp32 predictions in the bundle: {outcome.reason}")
        return None
    return _reference(artifact, outcome.value, test)


def _reference(artifact: Artifact, logits: NDArray[np.float32], test: RecordSet) -> ReferenceLogits:
    """The predictions of an fp32 model, sorted as the records' classes."""
    sorted_logits = class_order.answers_for(logits, artifact.classes, test.classes)
    thresholds = class_order.scored_as(artifact, test.classes).thresholds
    return ReferenceLogits(artifact.model, artifact.model_sha256, thresholds, sorted_logits)
