"""The state of a training; a checkpoint of it after each epoch makes the training resumable."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgebench.core.errors import ModelError
from edgebench.core.files import replacing, require_space
from edgebench.core.metrics import Metric
from edgebench.core.recipe import Recipe
from edgebench.tasks import names
from edgebench.training.hint import Hint
from edgebench.training.optimizers import optimizer_of
from edgebench.training.views import has_stalled

OnStep = Callable[[int, int, int], None]
"""Called with (step, steps of the epoch, epoch)."""


@dataclass(frozen=True)
class EpochReport:
    """The result of one epoch."""

    epoch: int
    epochs: int
    loss: float
    score: float | None
    """The metric of early stopping on the validation records; None where it is undefined on them."""
    metric: Metric
    best: float | None
    seconds: float


class State:
    """The network, the moving average of its weights, the optimizer, and the progress of the training."""

    def __init__(
        self, network: nn.Module, recipe: Recipe, steps_per_epoch: int, origin: dict[str, str], metric: Metric,
        hint: Hint | None = None,
    ) -> None:  # fmt: skip
        self.origin = origin
        """Hashes of the training's inputs beside its recipe: records, teacher, first weights, code."""
        self.started_from = ""
        self.scaler: dict[str, Any] = {}
        self.network, self.hint = network, hint
        self.average = copy.deepcopy(network).eval()
        self.best = copy.deepcopy(self.average.state_dict())
        self.optimizer = optimizer_of(network, hint, recipe)
        # The rise takes at least two steps: OneCycleLR divides by its number of steps less one.
        steps = recipe.epochs * steps_per_epoch
        self.schedule: torch.optim.lr_scheduler.LRScheduler
        if recipe.schedule == "one-cycle":
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(
                self.optimizer, recipe.learning_rate, steps, pct_start=min(0.99, max(recipe.warmup_share, 2 / steps))
            )
        else:
            self.schedule = torch.optim.lr_scheduler.ConstantLR(self.optimizer, 1.0)
        self.zeros = {n: p == 0 for n, p in network.named_parameters() if p.ndim > 1} if recipe.keep_zeros else {}
        self.random = torch.Generator().manual_seed(recipe.seed)
        self.epoch, self.best_epoch, self.seconds = 0, 0, 0.0
        self.best_score: float | None = None
        self.metric = metric
        self.recipe = recipe

    def save(self, path: Path) -> None:
        """Write a checkpoint atomically."""
        data = {
            "recipe": asdict(self.recipe), "origin": self.origin, "started_from": self.started_from,
            "scaler": self.scaler,
            "network": self.network.state_dict(), "average": self.average.state_dict(),
            "hint": self.hint.state_dict() if self.hint else {},
            "best": self.best, "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(), "torch_random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "numbers": [self.epoch, self.best_score, self.best_epoch, self.seconds],
        }  # fmt: skip
        with replacing(path) as part:
            try:
                torch.save(data, part)
            except RuntimeError:  # torch reports a full disk as a RuntimeError
                require_space(path.parent)
                raise

    def load(self, path: Path) -> None:
        """Restore a checkpoint; raises ModelError where it is damaged, or its recipe, network or records differ."""
        try:
            data = dict(torch.load(path, map_location="cpu", weights_only=True))
            recipe = asdict(
                Recipe(**names.recipe(data["recipe"]))
            )  # a field that is newer than the checkpoint has its default
        except Exception as error:  # torch raises many kinds for a damaged file
            raise ModelError(f"{path}: not a checkpoint of this version ({type(error).__name__}); remove it") from None
        before, now = recipe | data.get("origin", {}), asdict(self.recipe) | self.origin
        changed = sorted(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
        if changed:
            raise ModelError(f"{path}: has another {', '.join(changed)}; remove it, or train with the same options")
        try:
            self.network.load_state_dict(data["network"])
            self.average.load_state_dict(data["average"])
            if self.hint:
                self.hint.load_state_dict(data["hint"])
        except RuntimeError:
            raise ModelError(f"{path}: its weights do not fit the network, which has changed; remove it") from None
        self.started_from, self.scaler = data["started_from"], data["scaler"]
        self.best = data["best"]
        self.optimizer.load_state_dict(data["optimizer"])
        self.schedule.load_state_dict(data["schedule"])
        self.random.set_state(data["random"])
        torch.set_rng_state(data["torch_random"])
        if data["cuda_random"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(data["cuda_random"])
        self.epoch, self.best_score, self.best_epoch, self.seconds = data["numbers"]

    @torch.no_grad()
    def restore_zeros(self) -> None:
        """Reset the weights that were zero at the start, after a step of the optimizer."""
        for name, zeros in self.zeros.items():
            self.network.get_parameter(name).masked_fill_(zeros, 0.0)

    def end_epoch(self, score: float | None) -> None:
        """Record the score of the epoch that ended; keep its weights if they are the best so far."""
        self.epoch += 1
        goodness = self.metric.goodness
        if score is not None and (self.best_score is None or goodness(score) > goodness(self.best_score)):
            self.best_score, self.best_epoch = score, self.epoch
            self.best = copy.deepcopy(self.average.state_dict())

    @torch.no_grad()
    def update_average(self, step: int) -> None:
        """Move the average towards the network after a step; faster in the first steps, whose weights are poor."""
        decay = min(self.recipe.ema, (1 + step) / (10 + step))
        current = self.network.state_dict()  # by name: a copied graph may have its modules in another order
        for name, mean in self.average.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(current[name], 1 - decay)
            else:
                mean.copy_(current[name])


def is_unfinished(checkpoint: Path) -> bool:
    """Whether a file holds a training that can be resumed: not where it is missing, or its training is complete.

    Also true of an unreadable file, so that no new training overwrites it.
    """
    if not checkpoint.exists():
        return False
    try:
        data = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        recipe = Recipe(**names.recipe(data["recipe"]))
        epoch, _, best, _ = data["numbers"]
    except Exception:  # torch raises many kinds for a damaged file
        return True
    return epoch < recipe.epochs and not has_stalled(recipe, epoch, best)
