"""Imports the user's networks and files once, before the run: networks from Python files, thresholds for files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.artifacts import manifests
from edgebench.artifacts.import_model import WEIGHTS_CHANGED, ImportRequest
from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core import class_order, registry
from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ArtifactError, ModelError, PlanError
from edgebench.core.expected import Expected
from edgebench.core.files import safe, write_text
from edgebench.core.problems import InvalidValue
from edgebench.core.progress import ProgressReporter
from edgebench.core.scratch import scratch_folder
from edgebench.core.serialization import to_dict, to_json
from edgebench.isolation.jobs import predict
from edgebench.isolation.process import ChildError, ask
from edgebench.models import card as cards
from edgebench.models import store
from edgebench.models.external import own
from edgebench.pipeline import fitting_dataset, untrained_models
from edgebench.pipeline.plan import BuildPlan

Sources = Mapping[str, str]
"""Each model of a run by its name: the name of a shipped model, or the path of a manifest."""


def check(build: BuildPlan, task: str, classes: tuple[str, ...]) -> None:
    """Raise ModelError, before anything is read, where a model or a file that belongs to it is missing.

    `task` and `classes` are the dataset's; empty where its data decide them.
    """
    if build.untrained:
        untrained_models.check(build)
        return
    for name in build.models:
        if name not in build.own_models:
            found = store.find(name)
            if ".py:" in (spec := found.manifest.architecture):
                own.require_trust(own.split(spec)[0], f", or name it: --model {spec} --weights {found.weights}")
            continue
        path, _ = own.split(name)
        cards.read(path, ModelError, build.tune_thresholds, task, classes)
        if build.weights and not build.weights.is_file():
            raise ModelError(f"{build.weights}: no such file of weights")


def check_classes(build: BuildPlan, wanted: tuple[str, ...], label: str) -> None:
    """Raise ModelError, before anything is built, where a model's classes are not those of a dataset in some order."""
    for name in build.models:
        small = ""
        if name in build.own_models:
            card = own.split(name)[0].with_suffix(".toml")
            classes = cards.read(card, ModelError, tuned=True, task="").classes or wanted
            where = f"correct classes in {card}"
        elif build.untrained:  # it is built for the classes
            continue
        else:
            manifest = store.described(name)
            classes, known = manifest.classes, fitting_dataset.with_classes(manifest.task, manifest.classes)
            where = f"--dataset {known[0]} has them" if known else "take another model"
            if not manifest.is_synthetic:
                small = fitting_dataset.for_a_demo(manifest.task, manifest.input.axes)
        if reason := class_order.mismatch(classes, wanted, label):
            trained = "" if name in build.own_models else ", or train one for these records: edgebench train"
            words = f"these must be the same, in any order: {where}, or another --dataset{trained}"
            demo = f"; without data, --model {small} runs on a demo" if small else ""
            raise ModelError(f"{name}: {reason}; {words}{demo}")


def check_input(build: BuildPlan, wanted: Expected) -> None:
    """Raise ModelError, before anything is built, where no model of a plan takes the records; of some, cells say it."""
    reasons = []
    for name in build.models:
        if build.untrained or name in build.own_models:  # built for the records, or fitted to them by a card
            return
        reason = store.described(name).input.mismatch(wanted.input, wanted.label)
        if not reason:
            return
        reasons.append(f"{name}: {reason}; take another model or --dataset, or train one: edgebench train")
    if reasons:
        raise ModelError(reasons[0])


def converted(build: BuildPlan, wanted: Expected) -> list[str]:
    """One line for each of the user's networks that takes other channels than the records have.

    Raises ModelError where the records do not have them.
    """
    found = []
    for name in build.own_models:
        path = own.split(name)[0]
        try:
            task = "" if build.untrained else wanted.task  # without decisions it needs no card
            taken = cards.read(path, ModelError, tuned=True, task=task).positions(wanted)
        except InvalidValue as error:
            raise ModelError(f"{path.with_suffix('.toml')}: {error}") from None
        if taken:
            found.append(f"{name}: takes the {wanted.input.axes[wanted.input.channel_axis]}s {', '.join(taken)}")
    return found


def sources(
    build: BuildPlan, wanted: Expected, validation: RecordSet | None, folder: Path, timeout_s: float,
    reporter: ProgressReporter, seed: int, unmade: dict[str, Outcome[Any]] | None = None,
) -> Sources:  # fmt: skip
    """The models of the plan; a network from a Python file is imported into `folder`, as a manifest and weights.

    `wanted` says the records that it is for; `validation` has those that its thresholds are chosen on, and with None
    they are those of its card. Untrained models are made with random weights by `seed`; `unmade` gets the reasons of
    those that cannot be. Raises ModelError, and PlanError where two models have one name.
    """
    if build.untrained:
        return untrained_models.sources(build, wanted, folder, seed, timeout_s, reporter, unmade)
    found = {}
    for model in build.models:
        if model in build.own_models:
            own.trust(model)
            model = str(_import(model, build.weights, wanted, validation, folder, timeout_s))
            for note in store.described(model).training.get(WEIGHTS_CHANGED, ()):
                reporter.note(f"{build.weights}: {note}")
        name = safe(model)
        if name in found:
            raise PlanError(f"models: two have the name '{name}'; set another name in the network's TOML file")
        found[name] = model
    return found


def moved(models: Sources, scratch: Path, folder: Path) -> Sources:
    """The models with those that were imported into `scratch` copied to `folder`."""
    if not any(Path(model).parent == scratch for model in models.values()):
        return models
    shutil.copytree(scratch, folder, dirs_exist_ok=True)
    return {n: str(folder / Path(m).name) if Path(m).parent == scratch else m for n, m in models.items()}


def with_thresholds(stored: StoredArtifact, validation: RecordSet, kept: Path, timeout_s: float) -> StoredArtifact:
    """An imported file with thresholds that are best on the validation records, as its own runtime predicts them.

    `kept` is the path of its record, which a resume reads. Raises ArtifactError if it cannot predict the records.
    """
    artifact = stored.artifact
    if kept.exists():
        return replace(stored, artifact=manifests.record(kept))
    if not cards.decides(validation.task) or class_order.mismatch(
        artifact.classes, validation.classes, validation.label
    ):
        return stored  # the cell reports it
    validation = class_order.labelled_for(validation, artifact.classes)
    outcome = predict(artifact, stored.path, validation, timeout_s)
    if outcome.status != "ok":
        raise ArtifactError(f"{stored.path}: no thresholds could be chosen: {outcome.reason}")
    chosen = registry.task(validation.task).fit(validation.labels, outcome.value)
    note = f"thresholds chosen on {len(validation)} validation records of {validation.label}"
    artifact = replace(artifact, thresholds=chosen, notes=(*artifact.notes, note))
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_text(kept, to_json(artifact, indent=2) + "\n")
    return replace(stored, artifact=artifact)


def _import(
    spec: str, weights: Path | None, wanted: Expected, validation: RecordSet | None, folder: Path, timeout_s: float
) -> Path:
    """Import a network in a separate process; returns its manifest. Raises ModelError."""
    with scratch_folder() as scratch:
        labels = scratch / "labels.npy"
        request = ImportRequest(spec, str(weights), str(folder), wanted)
        if validation is not None:
            np.save(labels, validation.labels)
            request = replace(request, input=validation.input, further=validation.inputs[1:], labels=str(labels))
        try:
            replies = ask("edgebench.artifacts.import_model", to_dict(request), timeout_s)
            answers = [reply for reply in replies if "done" not in reply]
        except ChildError as error:
            raise ModelError(f"{spec}: {error}") from None
    if not answers:
        raise ModelError(f"{spec}: ended its process before it returned a network")
    if "error" in answers[0]:
        raise ModelError(answers[0]["error"])
    return Path(answers[0]["manifest"])
