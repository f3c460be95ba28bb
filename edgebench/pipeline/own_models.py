"""What was made elsewhere, taken into a run: networks from Python files, and thresholds for given files."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebench.artifacts import artifacts
from edgebench.artifacts.artifacts import Built
from edgebench.core.contracts import Artifact, Job, RecordSet
from edgebench.core.errors import ArtifactError, ModelError
from edgebench.core.files import write_text
from edgebench.core.serialization import to_json
from edgebench.core.validation import validated
from edgebench.isolation.process import ChildError, ask
from edgebench.measuring.accuracy import BATCH
from edgebench.models import card as cards
from edgebench.models import store
from edgebench.models.external import own
from edgebench.pipeline.plan import Plan, is_own, replaced
from edgebench.tasks.statistics import best_thresholds, probabilities


def check(plan: Plan) -> None:
    """Raise ModelError, before anything is read, where a model or a file that belongs to it is not there."""
    for name in plan.models:
        if not is_own(name):
            store.find(name)
            continue
        path, _ = own.split(name)
        cards.read(path, ModelError, tuned=plan.tune_thresholds)
        if plan.weights and not plan.weights.is_file():
            raise ModelError(f"{plan.weights}: no such file of weights")


def take_in(plan: Plan, validation: RecordSet | None, folder: Path) -> Plan:
    """The plan with the network from a Python file replaced by its manifest, which is written into `folder`.

    `validation` gives the records to choose its thresholds on; None takes those of its card. Raises ModelError.
    """
    spec = next((m for m in plan.models if is_own(m)), None)
    if spec is None or plan.artifacts:
        return plan
    own.trust(spec)
    manifest = _ask(spec, plan, validation, folder)
    models = tuple(str(manifest) if m == spec else m for m in plan.models)
    return replaced(plan, models=models, weights=None)


def moved(plan: Plan, scratch: Path, folder: Path) -> Plan:
    """The plan with the manifests that are in `scratch` copied to `folder`, weights and all."""
    inside = [m for m in plan.models if Path(m).parent == scratch]
    if not inside:
        return plan
    shutil.copytree(scratch, folder, dirs_exist_ok=True)
    models = tuple(str(folder / Path(m).name) if m in inside else m for m in plan.models)
    return replaced(plan, models=models)


def with_thresholds(built: Built, validation: RecordSet, kept: Path, timeout_s: float) -> Built:
    """An artifact with thresholds that are best on the validation records, as its own runtime predicts them.

    `kept` is where its record goes, and is read again by a resume. Raises ArtifactError where it cannot predict them.
    """
    assert built.artifact and built.path
    if kept.exists():
        known = validated(Artifact, json.loads(kept.read_text(encoding="utf-8")), str(kept), ArtifactError)
        return replace(built, artifact=known)
    if validation.classes != built.artifact.classes:
        return built  # the cell will say so
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "logits.npy"
        batch = 1 if built.artifact.precision == "int8-dynamic" else BATCH
        job = Job(
            "predict", built.artifact, str(built.path), "cpu", 1, "", str(validation.signals), str(output), batch=batch
        )
        outcome = artifacts.perform(job, timeout_s)
        if outcome.status != "ok":
            raise ArtifactError(f"{built.path}: no thresholds could be chosen: {outcome.reason}")
        chosen = best_thresholds(validation.labels, probabilities(np.load(output)))
    notes = (
        *built.artifact.notes,
        f"thresholds chosen on {len(validation)} records of the validation fold of {validation.label}",
    )
    artifact = replace(built.artifact, thresholds=chosen, notes=notes)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_text(kept, to_json(artifact, indent=2) + "\n")
    return replace(built, artifact=artifact)


def _ask(spec: str, plan: Plan, validation: RecordSet | None, folder: Path) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        labels = Path(scratch) / "labels.npy"
        if validation is not None:
            np.save(labels, validation.labels)
        request = {
            "spec": spec, "weights": str(plan.weights), "folder": str(folder),
            "signals": str(validation.signals) if validation else "", "labels": str(labels) if validation else "",
            "classes": validation.classes if validation else (), "dataset": validation.label if validation else "",
        }  # fmt: skip
        try:
            answers = [
                a for a in ask("edgebench.artifacts.import_model", request, plan.measuring.timeout_s) if "done" not in a
            ]
        except ChildError as error:
            raise ModelError(f"{spec}: {error}") from None
    if not answers:
        raise ModelError(f"{spec}: ended its process before it gave a network")
    if "error" in answers[0]:
        raise ModelError(answers[0]["error"])
    return Path(answers[0]["manifest"])
