"""Train an architecture on a dataset, and keep the best weights with all that is needed to use them.

Early stopping and the decision thresholds use the validation fold; the test fold is looked at once, at the end.
"""

from __future__ import annotations

import copy
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgebench import registry
from edgebench.contracts import DataRequest, Recipe, RecordSet, Split
from edgebench.data.augment import augment
from edgebench.errors import ModelError
from edgebench.files import replacing, require_space, sha256_of
from edgebench.models import store
from edgebench.protocols import Dataset
from edgebench.signals import open_signals, to_millivolts
from edgebench.statistics import best_thresholds, decide, f1_per_class, macro_auc, probabilities

EVALUATION_BATCH = 256
OnStep = Callable[[int, int, int], None]
"""Called with (step, steps of the epoch, epoch)."""


@dataclass(frozen=True)
class EpochReport:
    """What one epoch gave."""

    epoch: int
    epochs: int
    loss: float
    macro_auc: float
    best: float
    seconds: float


class State:
    """Everything that changes while training; `save` and `load` make a training resumable."""

    def __init__(self, network: nn.Module, recipe: Recipe, steps_per_epoch: int, records: str) -> None:
        self.records = records
        self.network = network
        self.average = copy.deepcopy(network).eval()
        self.best = copy.deepcopy(self.average.state_dict())
        self.optimizer = torch.optim.AdamW(_decayed(network, recipe.weight_decay), lr=recipe.learning_rate)
        # Rising takes two steps at least: OneCycleLR divides by the rise less one.
        steps = recipe.epochs * steps_per_epoch
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, recipe.learning_rate, steps, pct_start=min(0.99, max(recipe.warmup_share, 2 / steps))
        )
        self.random = torch.Generator().manual_seed(recipe.seed)
        self.epoch, self.best_auc, self.best_epoch, self.seconds = 0, 0.0, 0, 0.0
        self.recipe = recipe

    def save(self, path: Path) -> None:
        """Write a checkpoint in one step."""
        data = {
            "recipe": asdict(self.recipe), "records": self.records,
            "network": self.network.state_dict(), "average": self.average.state_dict(),
            "best": self.best, "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(), "torch_random": torch.get_rng_state(),
            "numbers": [self.epoch, self.best_auc, self.best_epoch, self.seconds],
        }  # fmt: skip
        with replacing(path) as part:
            try:
                torch.save(data, part)
            except RuntimeError:  # torch reports a full disk as an error of its own
                require_space(path.parent)
                raise

    def load(self, path: Path) -> None:
        """Go on from a checkpoint; raises ModelError where it belongs to another recipe."""
        try:
            data = torch.load(path, weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            raise ModelError(f"{path}: not a checkpoint of this version ({type(error).__name__}); remove it") from None
        for what, now in (("recipe", asdict(self.recipe)), ("records", self.records)):
            if data.get(what) != now:
                raise ModelError(f"{path}: was made with other {what}; remove it, or train with the same options")
        self.network.load_state_dict(data["network"])
        self.average.load_state_dict(data["average"])
        self.best = data["best"]
        self.optimizer.load_state_dict(data["optimizer"])
        self.schedule.load_state_dict(data["schedule"])
        self.random.set_state(data["random"])
        torch.set_rng_state(data["torch_random"])
        self.epoch, self.best_auc, self.best_epoch, self.seconds = data["numbers"]


def train(
    name: str,
    dataset: str,
    directory: Path | None,
    output: Path,
    recipe: dict[str, Any] | None = None,
    resume: bool = False,
    device: str = "",
    on_step: OnStep | None = None,
    on_epoch: Callable[[EpochReport], None] | None = None,
    on_data: Callable[[int, int], None] | None = None,
) -> Path:
    """Train `name` and write NAME.safetensors and NAME.json into `output`; returns the manifest's path.

    `recipe` overrides fields of the architecture's own. A checkpoint is written after each epoch; with `resume`, the
    training goes on from it. `on_data` gets (records read, records).
    Raises ModelError, DataError.
    """
    architecture = registry.architecture(name)
    chosen = replace(architecture.recipe, **(recipe or {}))
    source = registry.dataset(dataset)

    def load(split: Split) -> RecordSet:
        return source.load(DataRequest(split, directory, architecture.input.rate_hz), on_data)

    training, validation, test = load("train"), load("validation"), load("test")
    torch.manual_seed(chosen.seed)
    place = _device(device)
    network = architecture.build(len(source.classes))
    architecture.fit_input(network, *lead_statistics(training))
    steps = len(training) // chosen.batch_size
    if not steps:
        raise ModelError(f"{len(training)} training records are fewer than one batch of {chosen.batch_size}")
    state = State(network.to(place), chosen, steps, _identity(training, validation))
    checkpoint = output / f"{name}.checkpoint.pt"
    if resume and checkpoint.exists():
        state.load(checkpoint)
    while state.epoch < chosen.epochs and state.epoch - state.best_epoch < chosen.patience:
        started = time.monotonic()
        loss = _epoch(state, training, place, on_step)
        auc = macro_auc(validation.labels, predict(state.average, validation, place)) or 0.0
        state.epoch += 1
        state.seconds += time.monotonic() - started
        if auc > state.best_auc:
            state.best_auc, state.best_epoch = auc, state.epoch
            state.best = copy.deepcopy(state.average.state_dict())
        state.save(checkpoint)
        if on_epoch:
            on_epoch(EpochReport(state.epoch, chosen.epochs, loss, auc, state.best_auc, time.monotonic() - started))
    state.average.load_state_dict(state.best)
    return store.save(state.average.cpu(), output, _manifest(name, state, source, training, validation, test))


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


def predict(network: nn.Module, records: RecordSet, place: torch.device) -> NDArray[np.float32]:
    """Logits of every record, shape (records, classes); the network is put into eval mode."""
    signals = open_signals(records.signals)
    network.eval()
    with torch.inference_mode():
        parts = [
            network(torch.from_numpy(to_millivolts(signals[i : i + EVALUATION_BATCH])).to(place)).cpu()
            for i in range(0, len(signals), EVALUATION_BATCH)
        ]
    logits: NDArray[np.float32] = torch.cat(parts).float().numpy()
    return logits


def _epoch(state: State, records: RecordSet, place: torch.device, on_step: OnStep | None) -> float:
    recipe, signals = state.recipe, open_signals(records.signals)
    order = torch.randperm(len(records), generator=state.random).numpy()
    state.network.train()
    total, steps = 0.0, len(records) // recipe.batch_size
    for step in range(steps):
        rows = np.sort(order[step * recipe.batch_size : (step + 1) * recipe.batch_size])
        batch, labels = augment(
            torch.from_numpy(to_millivolts(signals[rows])), torch.from_numpy(records.labels[rows]).float(),
            recipe, state.random,
        )  # fmt: skip
        loss = functional.binary_cross_entropy_with_logits(state.network(batch.to(place)), labels.to(place))
        state.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(state.network.parameters(), recipe.gradient_clip)
        state.optimizer.step()
        state.schedule.step()
        # The average follows quickly at first, when the weights are far from good.
        seen = state.epoch * steps + step
        _follow(state.average, state.network, min(recipe.ema, (1 + seen) / (10 + seen)))
        total += loss.item()
        if on_step:
            on_step(step + 1, steps, state.epoch)
    return total / steps


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


def _decayed(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay on matrices and kernels, none on biases and normalisation."""
    matrices: list[Tensor] = [p for p in network.parameters() if p.ndim > 1]
    others: list[Tensor] = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _device(name: str) -> torch.device:
    try:
        place = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"--device {name}: {str(error).splitlines()[0]}") from None
    return place


def _identity(*parts: RecordSet) -> str:
    """Hash of which records are trained on, and of their labels."""
    return sha256_of(*(p.label + p.ids.tobytes().hex() + p.labels.tobytes().hex() for p in parts))


def _manifest(
    name: str, state: State, source: Dataset, training: RecordSet, validation: RecordSet, test: RecordSet
) -> dict[str, Any]:
    network, place = state.average, next(state.average.parameters()).device
    logits = predict(network, validation, place)
    thresholds = best_thresholds(validation.labels, probabilities(logits))
    scores = {
        source.splits["validation"]: _scores(validation, logits, thresholds),
        source.splits["test"]: _scores(test, predict(network, test, place), thresholds),
    }
    return {
        "name": name, "architecture": name, "classes": training.classes, "thresholds": thresholds,
        "input": registry.architecture(name).input, "parameters": sum(p.numel() for p in network.parameters()),
        "license": source.license,
        "training": {
            "dataset": training.label, "split": source.splits["train"], "records": len(training),
            "early_stopping": f"macro-AUC on {source.splits['validation']}",
            "recipe": asdict(state.recipe), "epochs": state.epoch, "best_epoch": state.best_epoch,
            "seconds": round(state.seconds), "device": str(place), "machine": platform.machine(),
            "packages": {p: version(p) for p in ("torch", "numpy")},
        },
        "scores": scores,
    }  # fmt: skip


def _scores(records: RecordSet, logits: NDArray[np.float32], thresholds: tuple[float, ...]) -> store.Scores:
    f1 = f1_per_class(records.labels, decide(logits, thresholds))
    return store.Scores(
        records=len(records),
        macro_auc=macro_auc(records.labels, logits) or 0.0,
        macro_f1=float(f1.mean()),
        f1_per_class=tuple(float(x) for x in f1),
    )
