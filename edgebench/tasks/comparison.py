"""Comparison of a network's outputs with a reference network's: no record needs a label.

Targets are the reference's outputs, float32 of shape (records, outputs), on the same records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.core.metrics import Metric
from edgebench.core.tasks import Activation, State, Task
from edgebench.tasks.statistics import decide
from edgebench.tasks.weighting import Weights, mean, total

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]
CLOSE = 0.05
"""Answers agree where they differ by at most this share of the standard deviation of the reference's."""
METRICS = (
    Metric("cosine", "cosine similarity", low=-1, high=1, decimals=4, short="cosine"),
    Metric("sqnr_db", "SQNR", unit="dB", decimals=1),
    Metric("largest_error", "largest error", "lower", low=0, decimals=4, short="max error"),
    Metric("same_answer", "same answer", low=0, high=1, short="same"),
)


class Comparison:
    """Cosine similarity, signal to quantization noise, largest error, and the share of the same answers.

    The reference's own values are exact by definition: 1, none (there is no noise), 0 and 1.
    """

    name = "comparison"
    summary = "no labels: the outputs compared with the fp32 network's"
    compares = True
    """Its targets are the outputs of a reference."""

    def __init__(self, base: Task | None = None) -> None:
        self._base = base
        self.activation: Activation = base.activation if base else "none"

    def over(self, base: Task) -> Comparison:
        """The comparison of networks for a task, which says when two answers are the same."""
        return Comparison(base)

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """The same for any number of outputs."""
        return METRICS

    def check(self, targets: NDArray[Any], outputs: int) -> None:
        """Nothing: labels, where there are any, are not used."""

    def fit(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> State:
        """Nothing."""
        return ()

    def score(
        self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State, weights: Weights | None
    ) -> Mapping[str, Floats]:
        """The metrics, each of shape (samples,); SQNR is omitted where there is no noise.

        The largest error has no interval: it is not-a-number in every bootstrap sample.
        """
        if targets.shape != outputs.shape:
            raise DataError("there is no reference to compare the outputs with: --reference FILE.npy")
        truth, found = targets.astype(np.float64), outputs.astype(np.float64)
        noise = (found - truth) ** 2
        same = mean(self._same(targets, outputs, state), weights)
        largest = np.full(len(same), np.nan) if weights is not None else np.array([np.abs(found - truth).max()])
        values = {"cosine": _cosine(truth, found, weights), "largest_error": largest, "same_answer": same}
        signal, noisy = (total(part.sum(axis=1), weights) for part in (truth**2, noise))
        if weights is None and not (noisy.all() and signal.all()):
            return values
        share = np.divide(signal, noisy, out=np.full_like(signal, np.nan), where=(noisy > 0) & (signal > 0))
        return values | {"sqnr_db": 10 * np.log10(share)}

    def by_class(self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State) -> Mapping[str, Floats]:
        """The largest error of each output, where there are several."""
        if outputs.shape[1] == 1 or targets.shape != outputs.shape:
            return {}
        return {"largest_error_by_output": np.abs(outputs.astype(np.float64) - targets).max(axis=0)}

    def agree(
        self, outputs: NDArray[np.float32], others: NDArray[np.float32], state: State, others_state: State
    ) -> float:
        """Share of the same answers."""
        return float(self._same(others, outputs, state).mean())

    def _same(self, reference: NDArray[Any], outputs: NDArray[np.float32], state: State) -> Floats:
        """The share of each record's answers that are the same, shape (records,).

        The class with the largest output; each label at its threshold; or quantities within a tolerance.
        """
        if self.activation == "sigmoid":
            thresholds = state if len(state) == outputs.shape[1] else (0.5,) * outputs.shape[1]
            same = decide(outputs, thresholds) == decide(reference, thresholds)
        elif self.activation == "softmax" or (self._base is None and outputs.shape[1] > 1):
            same = (outputs.argmax(axis=1) == reference.argmax(axis=1))[:, None]
        else:
            tolerance = CLOSE * reference.astype(np.float64).std(axis=0)
            same = np.abs(outputs.astype(np.float64) - reference) <= tolerance
        found: Floats = same.mean(axis=1)
        return found

    def rows(self, targets: NDArray[Any], outputs: int) -> NDArray[np.float32]:
        """Raise DataError: nothing is trained by a comparison; nor do its other parts of a training exist."""
        raise DataError("the task 'comparison' has no targets to train on")

    def soften(self, outputs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
        """Raise DataError."""
        raise DataError("the task 'comparison' has no targets to train on")

    def class_weights(self, rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """None: there are no classes."""
        return None

    def loss(self, outputs: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """Raise DataError."""
        raise DataError("the task 'comparison' has no targets to train on")


def _cosine(truth: Floats, found: Floats, weights: Weights | None) -> Floats:
    """The mean over the records of the cosine of each record's outputs; with one output, that of all records' outputs.

    1 where both are zero, 0 where one is.
    """
    products = [(a * b).sum(axis=1) for a, b in ((truth, found), (truth, truth), (found, found))]
    if truth.shape[1] == 1:
        cosines = _ratio(*(total(part, weights) for part in products))
        return cosines if weights is not None or (truth != found).any() else np.ones(1)
    each = np.where((truth == found).all(axis=1), 1.0, _ratio(*products))
    return mean(each, weights)


def _ratio(both: Floats, first: Floats, second: Floats) -> Floats:
    lengths = np.sqrt(first) * np.sqrt(second)
    empty = np.where((first == 0) & (second == 0), 1.0, 0.0)
    found: Floats = np.divide(both, lengths, out=empty, where=lengths > 0)
    return found.clip(-1, 1)


TASK = Comparison()
