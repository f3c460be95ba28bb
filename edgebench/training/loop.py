"""Train an architecture on a dataset, and keep the best weights with all that is needed to use them.

Early stopping and the decision thresholds use the validation fold; the test fold is looked at once, at the end.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.contracts import DataRequest, Progress, RecordSet, Split
from edgebench.core.errors import ModelError, first_line
from edgebench.core.files import sha256_of
from edgebench.core.protocols import Architecture
from edgebench.core.recipe import Recipe, changed
from edgebench.data.augment import augment
from edgebench.data.signals import open_signals, to_millivolts
from edgebench.models import pretrained, store
from edgebench.models.external import own
from edgebench.quantization import qat
from edgebench.training import views
from edgebench.training.devices import Precision, device_of
from edgebench.training.evaluation import describe, judge
from edgebench.training.hint import Hint
from edgebench.training.objective import loss, positive_weights, targets_of
from edgebench.training.state import EpochReport, OnStep, State

RANDOM = "starts from random weights"


@dataclass(frozen=True)
class Watch:
    """Who is told of a training's progress; each may be left out."""

    step: OnStep | None = None
    epoch: Callable[[EpochReport], None] | None = None
    data: Progress | None = None
    """(records read, records), also of the teacher's predictions."""
    note: Callable[[str], None] | None = None
    """A sentence that the user should read."""


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
    watch: Watch | None = None,
) -> Path:
    """Train `name` and write NAME.safetensors and NAME.json into `output`; returns the manifest's path.

    `recipe` overrides fields of the architecture's own. A checkpoint is written after each epoch; with `resume`, the
    training goes on from it. `compiled` trains through torch.compile. `half` stores the weights in half precision, and
    the scores are those of the rounded ones. `skip_bad` leaves damaged records out. Raises ModelError, DataError.
    """
    told = watch or Watch()
    if ".py:" in name:
        own.trust(name)
        name = own.absolute(name)
    architecture = registry.architecture(name)
    chosen = changed(architecture.recipe, recipe or {})
    source = registry.dataset(dataset)
    place = device_of(device)
    _require(chosen, output)

    def load(split: Split) -> RecordSet:
        return source.load(
            DataRequest(split, directory, architecture.input.rate_hz, skip_bad_records=skip_bad), told.data
        )

    training, validation, test = load("train"), load("validation"), load("test")
    targets = targets_of(training, chosen, place, told.data)
    torch.manual_seed(chosen.seed)
    network = _built(architecture, chosen, len(source.classes))
    checkpoint = checkpoint_of(name, output)
    going_on = resume and checkpoint.exists()
    started_from = RANDOM if going_on else _start(network, architecture, chosen, training)
    if told.note and started_from != RANDOM:
        told.note(started_from)
    steps = len(training) // chosen.batch_size
    if not steps:
        raise ModelError(f"{len(training)} training records are fewer than one batch of {chosen.batch_size}")
    views.check(network, chosen)
    origin = {"records": _identity(training, validation), **_origin(architecture.name, chosen)}
    hint = Hint(network, architecture, chosen).to(place) if chosen.hint else None
    state = State(network.to(place), chosen, steps, origin, hint)
    state.started_from = started_from
    if going_on:
        state.load(checkpoint)
    else:
        _writable(output)
    if compiled:
        views.compile_in_place(state.network)
    run = _Run(state, training, targets, place, Precision(_precision(chosen, place, compiled), place, state.scaler))
    while state.epoch < chosen.epochs and not views.has_stalled(chosen, state.epoch, state.best_epoch):
        began = time.monotonic()
        try:
            mean = run.epoch(told.step)
        except (RuntimeError, ValueError) as error:  # shapes that do not fit, a compiler that is not there
            raise ModelError(f"training {name}: {type(error).__name__}: {_first_line(error)}") from error
        if not math.isfinite(mean):
            raise ModelError(f"training {name}: the loss is {mean} in epoch {state.epoch + 1}; lower the learning rate")
        score = judge(state.average, validation, place, chosen, told.data)
        state.seconds += time.monotonic() - began
        state.judged(score)
        state.scaler = run.precision.scaler.state_dict()
        state.save(checkpoint)
        if told.epoch:
            took = time.monotonic() - began
            told.epoch(
                EpochReport(state.epoch, chosen.epochs, mean, score, chosen.stop_on, state.best_score, took)
            )  # fmt: skip
    state.average.load_state_dict(state.best)
    if half:
        store.halved(state.average)
    history = {
        "started_from": state.started_from, **{k: v for k, v in origin.items() if k != "records"},
        "precision": run.precision.name, "epochs": state.epoch, **_before(chosen),
        "best_epoch": state.best_epoch, "seconds": round(state.seconds),
    }  # fmt: skip
    manifest = describe(
        state.average, name, architecture.input, source, chosen, training, validation, test, history, told.data
    ) | _compressed(chosen)  # fmt: skip
    return store.save(state.average.cpu(), output, manifest, half)


def checkpoint_of(name: str, output: Path) -> Path:
    """The file that a training of an architecture goes on from."""
    return output / f"{store.stem(name)}.checkpoint.pt"


def _require(recipe: Recipe, output: Path) -> None:
    """Refuse, before anything is read, what no training could use; raises ModelError."""
    if output.exists() and not output.is_dir():
        raise ModelError(f"{output}: a file, not a folder; give another --output")
    for name in filter(None, (recipe.teacher, recipe.start)):
        store.find(name)


def _precision(recipe: Recipe, place: torch.device, compiled: bool) -> str:
    """On a CPU `auto` is float32 for compiled networks: in bfloat16 torch 2.14 gave losses that are no numbers."""
    return "fp32" if recipe.precision == "auto" and compiled and place.type == "cpu" else recipe.precision


def _built(architecture: Architecture, recipe: Recipe, classes: int) -> nn.Module:
    """A new network, as small as the one that the training goes on from."""
    if not recipe.start:
        return architecture.build(classes)
    model = store.find(recipe.start)
    if model.manifest.architecture != architecture.name:
        raise ModelError(f"start: {recipe.start} is a {model.manifest.architecture}, not a {architecture.name}")
    return store.network(model)


def _start(network: nn.Module, architecture: Architecture, recipe: Recipe, training: RecordSet) -> str:
    """Give a new network its first weights and its normalisation; says in one line which weights."""
    if recipe.start:
        model = store.find(recipe.start)
        return f"goes on from {model.manifest.name}, weights {model.manifest.weights_sha256[:12]}"
    said = RANDOM
    architecture.initialise(network)
    if architecture.pretrained and recipe.pretrained:
        said = pretrained.start_from(network.get_submodule("backbone"), architecture.pretrained)
    architecture.fit_input(network, *lead_statistics(training))
    return said


def _before(recipe: Recipe) -> dict[str, int]:
    """How many epochs the weights that a training starts from had already seen."""
    if not recipe.start:
        return {}
    past = store.find(recipe.start).manifest.training
    return {"epochs_before": int(past.get("epochs", 0)) + int(past.get("epochs_before", 0))}


def _compressed(recipe: Recipe) -> dict[str, Any]:
    """What the manifest keeps of a compressed model that the training went on from."""
    if not recipe.start:
        return {}
    before = store.find(recipe.start).manifest
    return {
        "variant": before.variant,
        "structure": before.structure,
        "quantization": before.quantization,
        "before": before.before,
        "compressed_from": before.compressed_from,
    }


def lead_statistics(records: RecordSet) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each lead over all records, in mV, each of shape (leads,)."""
    signals = open_signals(records.signals)
    total, squares = np.zeros(signals.shape[1]), np.zeros(signals.shape[1])
    for start in range(0, len(signals), 1024):
        part = signals[start : start + 1024].astype(np.float64) / 1000
        total += part.sum((0, 2))
        squares += (part**2).sum((0, 2))
    count = signals.shape[0] * signals.shape[2]
    mean = total / count
    return mean.astype(np.float32), np.sqrt(squares / count - mean**2).astype(np.float32)


class _Run:
    """What the epochs of one training share."""

    def __init__(
        self, state: State, records: RecordSet, targets: NDArray[np.float32], place: torch.device, precision: Precision
    ) -> None:
        self.state, self.place, self.precision = state, place, precision
        self.signals, self.targets = open_signals(records.signals), targets
        weights = positive_weights(records, state.recipe)
        self.weights = None if weights is None else weights.to(place)
        if state.hint:
            state.hint.watch()

    def epoch(self, on_step: OnStep | None) -> float:
        """One pass over the records; returns the mean loss."""
        state, size = self.state, self.state.recipe.batch_size
        order = torch.randperm(len(self.targets), generator=state.random).numpy()
        steps = len(order) // size
        state.network.train()
        if state.hint:
            state.hint.adapter.train()
        total = 0.0
        for step in range(steps):
            qat.freeze(state.network, (state.epoch * steps + step) / (state.recipe.epochs * steps))
            total += self._step(np.sort(order[step * size : (step + 1) * size]))
            state.follow(state.epoch * steps + step)
            if on_step:
                on_step(step + 1, steps, state.epoch)
        return total / steps

    def _step(self, rows: NDArray[np.int64]) -> float:
        state, recipe = self.state, self.state.recipe
        signals = torch.from_numpy(to_millivolts(self.signals[rows]))
        window = views.choose_window(recipe, state.epoch, signals.shape[-1], state.random)
        signals, targets = augment(signals, torch.from_numpy(self.targets[rows]), recipe, state.random)
        signals = signals.to(self.place)
        with self.precision.forward():
            outputs = views.forward(state.network, signals, window)
            hint = recipe.hint * state.hint(signals, window) if state.hint else 0.0
        value: Tensor = loss(outputs, targets.to(self.place), recipe, self.weights) + hint
        self.precision.backward(value, state.network, state.optimizer, recipe.gradient_clip)
        state.schedule.step()
        state.hold()
        return value.item()


def _origin(architecture: str, recipe: Recipe) -> dict[str, str]:
    """Hashes of the weights and of a person's own code that the training depends on."""
    found = {
        f"{what}_sha256": store.find(name).manifest.weights_sha256
        for what, name in (("teacher", recipe.teacher), ("start", recipe.start))
        if name
    }
    return found | own.hashes(architecture)


def _writable(folder: Path) -> None:
    """Fail before the first epoch rather than after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror})") from None


def _first_line(error: BaseException) -> str:
    return first_line(error, "no message")[:200]


def _identity(*parts: RecordSet) -> str:
    """Hash of which records are trained on, and of their labels."""
    return sha256_of(*(p.label + p.ids.tobytes().hex() + p.labels.tobytes().hex() for p in parts))
