"""Everything that changes while training; saved after each epoch, it makes a training resumable."""

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
from edgebench.core.recipe import Recipe
from edgebench.training.hint import Hint
from edgebench.training.optimizers import optimizer_of
from edgebench.training.views import has_stalled

OnStep = Callable[[int, int, int], None]
"""Called with (step, steps of the epoch, epoch)."""


@dataclass(frozen=True)
class EpochReport:
    """What one epoch gave."""

    epoch: int
    epochs: int
    loss: float
    score: float
    score_name: str
    best: float
    seconds: float


class State:
    """The network, the moving average of its weights, the optimizer, and how far the training is."""

    def __init__(
        self, network: nn.Module, recipe: Recipe, steps_per_epoch: int, origin: dict[str, str],
        hint: Hint | None = None,
    ) -> None:  # fmt: skip
        self.origin = origin
        """Hashes of what the training depends on beside its recipe: records, teacher, first weights, code."""
        self.started_from = ""
        self.scaler: dict[str, Any] = {}
        self.network, self.hint = network, hint
        self.average = copy.deepcopy(network).eval()
        self.best = copy.deepcopy(self.average.state_dict())
        self.optimizer = optimizer_of(network, hint, recipe)
        # Rising takes two steps at least: OneCycleLR divides by the rise less one.
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
        self.epoch, self.best_score, self.best_epoch, self.seconds = 0, 0.0, 0, 0.0
        self.recipe = recipe

    def save(self, path: Path) -> None:
        """Write a checkpoint in one step."""
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
            except RuntimeError:  # torch reports a full disk as an error of its own
                require_space(path.parent)
                raise

    def load(self, path: Path) -> None:
        """Go on from a checkpoint; raises ModelError where it belongs to another recipe."""
        try:
            data = dict(torch.load(path, map_location="cpu", weights_only=True))
            recipe = asdict(Recipe(**data["recipe"]))  # a field that is newer than the checkpoint has its default
        except Exception as error:  # torch raises many kinds for a damaged file
            raise ModelError(f"{path}: not a checkpoint of this version ({type(error).__name__}); remove it") from None
        before, now = recipe | data.get("origin", {}), asdict(self.recipe) | self.origin
        changed = sorted(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
        if changed:
            raise ModelError(
                f"{path}: was made with another {', '.join(changed)}; remove it, or train with the same options"
            )
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
    def hold(self) -> None:
        """Set the weights that were zero at the start back to zero, after a step of the optimizer."""
        for name, zeros in self.zeros.items():
            self.network.get_parameter(name).masked_fill_(zeros, 0.0)

    def judged(self, score: float) -> None:
        """Take in the score of the epoch that ended; its weights are kept where they are the best so far."""
        self.epoch += 1
        if score > self.best_score:
            self.best_score, self.best_epoch = score, self.epoch
            self.best = copy.deepcopy(self.average.state_dict())

    @torch.no_grad()
    def follow(self, seen: int) -> None:
        """Move the average towards the network after step `seen`; quickly at first, when weights are far from good."""
        decay = min(self.recipe.ema, (1 + seen) / (10 + seen))
        now = self.network.state_dict()  # by name: a copied graph may have its modules in another order
        for name, kept in self.average.state_dict().items():
            if kept.is_floating_point():
                kept.lerp_(now[name], 1 - decay)
            else:
                kept.copy_(now[name])


def is_unfinished(checkpoint: Path) -> bool:
    """Whether a training can go on from a file; not where there is none, or its training came to its end.

    A file that no version can read is not for overwriting either.
    """
    if not checkpoint.exists():
        return False
    try:
        data = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        recipe = Recipe(**data["recipe"])
        epoch, _, best, _ = data["numbers"]
    except Exception:  # torch raises many kinds for a damaged file
        return True
    return epoch < recipe.epochs and not has_stalled(recipe, epoch, best)
