"""Multi-label classification: each class is present or not, decided at a threshold of its own.

Targets are uint8 of 0 and 1, shape (records, classes); outputs are logits, shape (records, classes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.core.metrics import Metric
from edgebench.core.tasks import Activation, State
from edgebench.tasks import statistics
from edgebench.tasks.auc import macro_auc_samples
from edgebench.tasks.calibration import binned_error
from edgebench.tasks.weighting import Weights, mean

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]
METRICS = (
    Metric("macro_f1", "macro-F1", low=0, high=1, short="F1", columns=(
        "macro_f1", "macro_f1_low", "macro_f1_high", "delta_macro_f1", "delta_low", "delta_high")),
    Metric("macro_auc", "macro-AUC", low=0, high=1, short="AUC", columns=(
        "macro_auc", "macro_auc_low", "macro_auc_high", "delta_macro_auc", "delta_auc_low", "delta_auc_high")),
    Metric("label_accuracy", "accuracy by label", low=0, high=1, short="label acc."),
    Metric("exact_match", "exact match", low=0, high=1, short="exact"),
    Metric("calibration_error", "calibration error", "lower", low=0, high=1, short="ECE"),
)  # fmt: skip


class MultiLabel:
    """Macro-F1, macro-AUC, accuracy by label and by exact match, calibration error."""

    name = "multilabel"
    summary = "several classes may be present at once; each has a threshold"
    activation: Activation = "sigmoid"

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """The same for any number of classes."""
        return METRICS

    def check(self, targets: NDArray[Any], outputs: int) -> None:
        """Raise DataError for targets that are not 0 and 1 for each output."""
        if targets.ndim != 2 or targets.shape[1] != outputs:
            raise DataError(f"labels of shape {targets.shape} for a network with {outputs} outputs")
        if not np.isin(targets, (0, 1)).all():
            raise DataError("a label is neither 0 nor 1, as the task 'multilabel' needs")

    def fit(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> State:
        """The threshold of each class with the highest F1."""
        return statistics.best_thresholds(targets, statistics.probabilities(outputs))

    def score(
        self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State, weights: Weights | None
    ) -> Mapping[str, Floats]:
        """The metrics, each of shape (samples,); macro-AUC is omitted where a class has one label only."""
        decisions = statistics.decide(outputs, state)
        right = decisions == targets
        found = {
            "macro_f1": statistics.f1_samples(targets, decisions, weights),
            "label_accuracy": mean(right.mean(axis=1), weights),
            "exact_match": mean(right.all(axis=1), weights),
        }
        if weights is not None:
            found["macro_auc"] = macro_auc_samples(targets, outputs, weights)
        elif (auc := statistics.macro_auc(targets, outputs)) is not None:
            found["macro_auc"] = np.array([auc])
        probability = statistics.probabilities(outputs)
        errors = [binned_error(p, t.astype(np.float64), weights) for p, t in zip(probability.T, targets.T, strict=True)]
        return found | {"calibration_error": np.mean(errors, axis=0)}

    def by_class(self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State) -> Mapping[str, Floats]:
        """F1 of each class."""
        return {"f1_by_class": statistics.f1_per_class(targets, statistics.decide(outputs, state))}

    def agree(
        self, outputs: NDArray[np.float32], others: NDArray[np.float32], state: State, others_state: State
    ) -> float:
        """Share of the single decisions (records x classes) that are equal."""
        return statistics.agreement(statistics.decide(outputs, state), statistics.decide(others, others_state))

    def rows(self, targets: NDArray[Any], outputs: int) -> NDArray[np.float32]:
        """0 and 1."""
        return targets.astype(np.float32)

    def soften(self, outputs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
        """Probabilities."""
        return statistics.probabilities(outputs.astype(np.float64) / temperature).astype(np.float32)

    def class_weights(self, rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The negative records of each class per positive one."""
        positive = rows.sum(axis=0, dtype=np.float64).clip(1)
        found: NDArray[np.float32] = ((len(rows) - positive) / positive).astype(np.float32)
        return found

    def loss(self, outputs: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """Binary cross-entropy, positive records weighted."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(outputs, rows, pos_weight=weights)


TASK = MultiLabel()
