"""Train an architecture on a dataset, and write the best weights with a manifest.

Early stopping and the decision thresholds use the validation fold; the test fold is predicted once, at the end.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from edgebench.core import registry, user_code
from edgebench.core.class_order import labelled_for
from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ModelError, first_line
from edgebench.core.expected import Expected
from edgebench.core.recipe import Recipe, changed
from edgebench.models import building, store
from edgebench.models.external import own, trial
from edgebench.tasks import names
from edgebench.tasks.chosen import identity, with_task
from edgebench.tasks.trial import require_scores
from edgebench.training import views
from edgebench.training.devices import Precision, device_of
from edgebench.training.evaluation import manifest_fields, stopping_metric, usual_metric, validation_score
from edgebench.training.hint import Hint
from edgebench.training.objective import targets_of
from edgebench.training.start import (
    RANDOM_WEIGHTS,
    compression_fields,
    earlier_epochs,
    input_hashes,
    new_network,
    records_hash,
    set_first_weights,
)
from edgebench.training.state import EpochReport, OnStep, State
from edgebench.training.trainer import Trainer, records_of_epoch


@dataclass(frozen=True)
class Watch:
    """The callbacks that follow a training; each is optional."""

    step: OnStep | None = None
    """After each step."""
    epoch: Callable[[EpochReport], None] | None = None
    """After each epoch."""
    data: Progress | None = None
    """With (records read, records), also while the teacher predicts."""
    note: Callable[[str], None] | None = None
    """With a message for the user."""


def train(
    name: str,
    dataset: str,
    directory: Path | None,
    output: Path,
    recipe: dict[str, Any] | None = None,
    resume: bool = False,
    device: str = "",
    compiled: bool = False,
    half: bool = False,
    skip_bad: bool = False,
    options: Mapping[str, str] | None = None,
    watch: Watch | None = None,
    task: str = "",
) -> Path:
    """Train `name` and write NAME.safetensors and NAME.json into `output`; returns the manifest's path.

    `recipe` overrides fields of the architecture's own recipe. Each epoch ends with a checkpoint, from which `resume`
    continues. `compiled` trains through torch.compile. `half` stores the weights in half precision; the scores are
    those of the rounded weights. `skip_bad` omits damaged records. `options` are the dataset's own. `task` is
    one, or path/to/file.py:NAME, instead of the dataset's own. Raises ModelError, DataError.
    """
    callbacks = watch or Watch()
    if ".py:" in name:
        own.trust(name)
        name = own.absolute(name)
    architecture = registry.architecture(name)
    chosen = changed(architecture.recipe, names.recipe(recipe or {}))
    user_code.trust_named(dataset)
    source = registry.dataset(dataset)
    torch_device = device_of(device)
    _check(chosen, output)

    # A network that is trained further, or whose card says so, answers its classes in its own order.
    own_order = store.find(chosen.start).manifest.classes if chosen.start else getattr(architecture, "classes", ())

    asked_options = dict(options or {})
    if "rate_hz" in source.options and architecture.input.rate_hz:
        asked_options.setdefault("rate_hz", f"{architecture.input.rate_hz:g}")

    def load(split: Split) -> RecordSet:
        asked = DataRequest(split, directory, skip_bad_records=skip_bad, options=asked_options)
        registry.require_records(dataset, asked)
        found = with_task(source.load(asked, callbacks.data), task)
        if found.dropped and callbacks.note:
            callbacks.note(
                f"{len(found.dropped)} bad records left out of the {split} split; the first: {found.dropped[0]}"
            )
        return labelled_for(found, own_order or source.classes or found.classes)

    training, validation, test = load("train"), load("validation"), load("test")
    require_scores(validation, test)
    spec = building.input_for(architecture, training.input.spec, training.label)
    further = building.further_for(architecture, Expected.of(training))
    if "stop_on" not in (recipe or {}):
        chosen = replace(chosen, stop_on=usual_metric(validation, chosen))
    metric = stopping_metric(validation, chosen)
    targets = targets_of(training, chosen, torch_device, callbacks.data)  # a teacher may take other inputs
    training, validation, test = (records.taking(further) for records in (training, validation, test))
    torch.manual_seed(chosen.seed)
    network = new_network(architecture, chosen, len(training.classes), spec, training.task, further)
    trial.require_outputs(network, spec, training.classes, name, further)
    checkpoint = checkpoint_of(name, output)
    resuming = resume and checkpoint.exists()
    started_from = RANDOM_WEIGHTS if resuming else set_first_weights(network, architecture, chosen, training)
    if callbacks.note and started_from != RANDOM_WEIGHTS:
        callbacks.note(started_from)
    seen = records_of_epoch(chosen, len(training))
    steps = seen // chosen.batch_size
    if not steps:
        raise ModelError(f"{seen} training records are fewer than one batch of {chosen.batch_size}")
    views.check(network, chosen, spec)
    origin = {"records": records_hash(training, validation), **input_hashes(architecture.name, chosen)}
    if task:
        origin["task_sha256"] = identity(task)
    hint = Hint(network, architecture, chosen, spec).to(torch_device) if chosen.hint else None
    state = State(views.fast_layout(network, spec).to(torch_device), chosen, steps, origin, metric, hint)
    state.started_from = started_from
    if resuming:
        state.load(checkpoint)
    else:
        _check_writable(output)
    if compiled:
        views.compile_in_place(state.network)
    precision = Precision(_precision(chosen, torch_device, compiled), torch_device, state.scaler)
    trainer = Trainer(state, training, targets, precision)
    while state.epoch < chosen.epochs and not views.has_stalled(chosen, state.epoch, state.best_epoch):
        started = time.monotonic()
        try:
            mean = trainer.epoch(callbacks.step)
        except (RuntimeError, ValueError) as error:  # wrong shapes, a missing compiler
            reason = first_line(error, "no message")[:200]
            raise ModelError(f"training {name}: {type(error).__name__}: {reason}") from error
        if not math.isfinite(mean):
            raise ModelError(f"training {name}: the loss is {mean} in epoch {state.epoch + 1}; lower the learning rate")
        score = validation_score(state.average, validation, chosen, callbacks.data)
        state.seconds += time.monotonic() - started
        state.end_epoch(score)
        state.scaler = precision.scaler.state_dict()
        state.save(checkpoint)
        if callbacks.epoch:
            seconds = time.monotonic() - started
            callbacks.epoch(EpochReport(state.epoch, chosen.epochs, mean, score, metric, state.best_score, seconds))
    state.average.load_state_dict(state.best)
    if half:
        store.halved(state.average)
    history = {
        "started_from": state.started_from, **{k: v for k, v in origin.items() if k != "records"},
        "precision": precision.name, "epochs": state.epoch, **earlier_epochs(chosen),
        **({"dataset_options": dict(options)} if options else {}), **({"task": task} if task else {}),
        "best_epoch": state.best_epoch, "seconds": round(state.seconds),
    }  # fmt: skip
    manifest = manifest_fields(
        state.average, name, spec, source, chosen, training, validation, test, history, callbacks.data
    )
    return store.save(state.average.cpu(), output, manifest | compression_fields(chosen), half)


def checkpoint_of(name: str, output: Path) -> Path:
    """The checkpoint from which a training of an architecture can be resumed."""
    return output / f"{store.stem(name)}.checkpoint.pt"


def _check(recipe: Recipe, output: Path) -> None:
    """Raise ModelError, before any record is read, for an output or a model that the training cannot use."""
    if output.exists() and not output.is_dir():
        raise ModelError(f"{output}: a file, not a folder; give another --output")
    for name in filter(None, (*recipe.teachers, recipe.start)):
        store.find(name)


def _precision(recipe: Recipe, device: torch.device, compiled: bool) -> str:
    """The recipe's precision; on a CPU `auto` is fp32 for a compiled network: torch 2.14 had NaN losses in bf16."""
    return "fp32" if recipe.precision == "auto" and compiled and device.type == "cpu" else recipe.precision


def _check_writable(folder: Path) -> None:
    """Raise ModelError before the first epoch where a checkpoint could not be written after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror})") from None
