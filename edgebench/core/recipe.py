"""The hyperparameters of a training. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from edgebench.core.errors import ModelError
from edgebench.core.problems import meant
from edgebench.core.validation import validated

SMALL = 1e-6
"""Smallest value of a number that must be above zero."""
LEAST_RATE = 1e-12
"""Smallest learning rate: at zero a training learns nothing and takes as long."""
LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (1, inf), "batch_size": (1, inf), "learning_rate": (LEAST_RATE, inf), "weight_decay": (0, inf),
    "warmup_share": (0, 1), "crop": (0, inf), "row_keep": (SMALL, 1), "patch_keep": (SMALL, 1),
    "progressive": (SMALL, 1),
    "whole_epochs": (0, inf), "shift": (0, inf), "mixup": (0, inf), "channel_dropout": (0, 1), "amplitude": (1, inf),
    "alpha": (0, 1), "temperature": (SMALL, inf), "hint": (0, inf), "ema": (0, 1), "gradient_clip": (SMALL, inf),
    "patience": (1, inf), "validation_records": (0, inf), "training_records": (0, inf),
}  # fmt: skip
"""Smallest and largest value of the numbers."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; each architecture has its own default, and `edgebench train --set` changes fields."""

    epochs: int
    """Passes over the training records, at most."""
    batch_size: int
    """Records of one step."""
    learning_rate: float
    """Learning rate; the highest one of `one-cycle`."""
    weight_decay: float = 0.0
    """Weight decay of matrices and kernels, not of biases and normalisation."""
    optimizer: Literal["adam", "adamw", "muon", "sgd"] = "adamw"
    """`muon` updates weight matrices, for transformers; AdamW the other parameters. `sgd` has Nesterov momentum."""
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    """Schedule of the learning rate."""
    warmup_share: float = 0.25
    """Share of the steps in which the `one-cycle` rate rises."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Precision of the forward pass; `auto`: the fastest native one, fp32 on most CPUs."""
    pretrained: bool = True
    """Start from ImageNet weights, where there are any and they can be fetched."""
    keep_zeros: bool = False
    """Weights that are zero in `start` stay zero (pruned)."""
    start: str = ""
    """Trained model of this architecture to continue from: shipped name or manifest's path."""
    crop: int = 0
    """Samples of the random window that is trained on; 0 for the whole record."""
    row_keep: float = 1.0
    """Share of the rows of patches that a transformer is trained on, chosen again at each step."""
    patch_keep: float = 1.0
    """The same for single patches."""
    progressive: tuple[float, ...] = ()
    """Image sizes, as factors of the full one, over equal parts of the training."""
    whole_epochs: int = 0
    """Final epochs without `crop`, `row_keep`, `patch_keep` and `progressive`."""
    mixup: float = 0.0
    """Beta parameter of mixup (Zhang et al., 2018), on half of the batches; 0 for none."""
    channel_dropout: float = 0.0
    """Probability of each channel of a training record to be zero."""
    amplitude: float = 1.0
    """Records are scaled by a random factor from 1/amplitude to amplitude."""
    mirror: bool = False
    """Mirror images and clips left to right, each with probability 1/2."""
    shift: int = 0
    """Images and clips move by up to this many rows and columns; zeros fill the rest."""
    class_weights: bool = False
    """Weight a class's positive records by its ratio of negative to positive ones."""
    teacher: str = ""
    """Trained model to distil: shipped name or manifest's path, `A,B`: the mean."""
    alpha: float = 0.5
    """Share of the labels in the loss; the teacher's is 1 - alpha."""
    temperature: float = 1.0
    """Divides the logits in the distillation loss (Hinton et al., 2015)."""
    hint: float = 0.0
    """Weight of the distance of the last features from the teacher's (FitNets; Romero et al., 2015)."""
    ema: float = 0.998
    """Decay of the weights' moving average, which is evaluated and stored."""
    gradient_clip: float = 2.0
    """Largest norm of a step's gradient; larger ones are clipped."""
    patience: int = 6
    """Epochs without a better validation score until training stops."""
    stop_on: str = ""
    """Metric of the validation records that decides which epoch is kept; empty for the task's primary one."""
    validation_records: int = 0
    """Validation records for each epoch's score; 0 for all. Thresholds are chosen on all."""
    training_records: int = 0
    """Training records of an epoch, chosen again at random for each; 0 for all."""
    seed: int = 0
    """Seed of all that is random in the training."""

    @property
    def teachers(self) -> tuple[str, ...]:
        """The trained models to distil, each by its name or path."""
        return tuple(filter(None, map(str.strip, self.teacher.split(","))))

    def out_of_range(self) -> str:
        """The problem with the first number out of range, in one line; empty if there is none."""
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            for number in value if isinstance(value, tuple) else (value,):
                if not low <= number <= high:
                    least = "above 0" if low == LEAST_RATE else f"{low:g} or more"
                    return f"{name}: {number:g} is not {f'from {low:g} to {high:g}' if high < inf else least}"
        return ""

    @classmethod
    def published(cls, learning_rate: float, **changes: Any) -> Recipe:
        """How the course projects trained their image models: Adam at a constant rate, batches of 32, early stopping.

        The moving average of the weights is ours: it raises the score of a constant rate.
        """
        fixed: dict[str, Any] = {"epochs": 50, "batch_size": 32, "optimizer": "adam", "schedule": "constant"}
        return cls(learning_rate=learning_rate, **(fixed | changes))


def changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    """The recipe with some fields replaced; raises ModelError for an unknown field or a value out of range."""
    unknown = sorted(set(changes) - set(vars(recipe)))
    if unknown:
        near = meant(unknown[0], list(vars(recipe)))
        raise ModelError(f"a recipe has no '{unknown[0]}'; it has {', '.join(vars(recipe))}{near and f'; {near}'}")
    new = validated(Recipe, vars(recipe) | changes, "recipe", ModelError)
    if problem := new.out_of_range():
        raise ModelError(f"recipe: {problem}")
    return new
