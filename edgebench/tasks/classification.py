"""Classification: each record is of exactly one class.

Targets are int64 class numbers, shape (records,); outputs are logits, shape (records, classes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.core.metrics import Metric
from edgebench.core.tasks import Activation, State
from edgebench.tasks.calibration import binned_error
from edgebench.tasks.weighting import Weights, mean, total

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]
TOP5_FROM = 6
"""With fewer classes the top 5 leave out none."""
TOP5 = Metric("top5", "top-5", low=0, high=1)
METRICS = (
    Metric("top1", "top-1", low=0, high=1),
    Metric("macro_f1", "macro-F1", low=0, high=1, short="F1"),
    Metric("calibration_error", "calibration error", "lower", low=0, high=1, short="ECE"),
)


class Classification:
    """Top-1, top-5 from six classes on, macro-F1, calibration error of the predicted class."""

    name = "classification"
    summary = "exactly one of several classes"
    activation: Activation = "softmax"

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """Top-5 only from six classes on."""
        return (METRICS[0], TOP5, *METRICS[1:]) if outputs >= TOP5_FROM else METRICS

    def check(self, targets: NDArray[Any], outputs: int) -> None:
        """Raise DataError for targets that are no class numbers, or that the network has no output for."""
        if targets.ndim != 1 or not np.issubdtype(targets.dtype, np.integer):
            raise DataError(f"targets of type {targets.dtype} and shape {targets.shape} are no class numbers")
        if len(targets) and not (targets.min() >= 0 and targets.max() < outputs):
            wrong = int(targets.min() if targets.min() < 0 else targets.max())
            raise DataError(
                f"class number {wrong} in the targets; {outputs} classes have the numbers 0 to {outputs - 1}"
            )

    def fit(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> State:
        """Nothing: the class with the largest output is predicted."""
        return ()

    def score(
        self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State, weights: Weights | None
    ) -> Mapping[str, Floats]:
        """The metrics, each of shape (samples,)."""
        decided = outputs.argmax(axis=1)
        right = decided == targets
        found = {
            "top1": mean(right, weights),
            "macro_f1": _f1(targets, decided, outputs.shape[1], weights).mean(axis=1),
        }
        if outputs.shape[1] >= TOP5_FROM:
            found["top5"] = mean(_among_largest(targets, outputs, 5), weights)
        confidence = softmax(outputs)[np.arange(len(decided)), decided]
        return found | {"calibration_error": binned_error(confidence, right.astype(np.float64), weights)}

    def by_class(self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State) -> Mapping[str, Floats]:
        """F1 of each class."""
        return {"f1_by_class": _f1(targets, outputs.argmax(axis=1), outputs.shape[1], None)[0]}

    def agree(
        self, outputs: NDArray[np.float32], others: NDArray[np.float32], state: State, others_state: State
    ) -> float:
        """Share of the records for which both predict the same class."""
        return float((outputs.argmax(axis=1) == others.argmax(axis=1)).mean())

    def rows(self, targets: NDArray[Any], outputs: int) -> NDArray[np.float32]:
        """1 for the class of a record, 0 for the others."""
        found: NDArray[np.float32] = np.eye(outputs, dtype=np.float32)[targets]
        return found

    def soften(self, outputs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
        """Probabilities."""
        found: NDArray[np.float32] = softmax(outputs.astype(np.float64) / temperature).astype(np.float32)
        return found

    def class_weights(self, rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The records of an average class per record of each class."""
        count = rows.sum(axis=0, dtype=np.float64).clip(1)
        found: NDArray[np.float32] = (len(rows) / len(count) / count).astype(np.float32)
        return found

    def loss(self, outputs: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """Cross-entropy with the probabilities in `rows`."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, rows, weight=weights)


def softmax(outputs: NDArray[np.floating]) -> Floats:
    """Probabilities of logits (records, classes)."""
    x = outputs.astype(np.float64)
    raised = np.exp(x - x.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def _among_largest(targets: NDArray[Any], outputs: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """Whether each target is among its record's largest outputs; of equal outputs the first class counts as larger."""
    own = outputs[np.arange(len(targets)), targets][:, None]
    before = np.arange(outputs.shape[1]) < targets[:, None]
    above = (outputs > own) | ((outputs == own) & before)
    found: NDArray[np.bool_] = above.sum(axis=1) < count
    return found


def _f1(targets: NDArray[Any], decided: NDArray[Any], classes: int, weights: Weights | None) -> Floats:
    """F1 of each class, shape (samples, classes); 0 where a class neither occurs nor is predicted."""
    truth, answer = np.arange(classes) == targets[:, None], np.arange(classes) == decided[:, None]
    hits, both = total(truth & answer, weights), total(truth.astype(np.float64) + answer, weights)
    return np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)


TASK = Classification()
