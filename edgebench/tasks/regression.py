"""Regression: each output is a quantity.

Targets are float64 of shape (records, outputs), or (records,) for one output; outputs are in the targets' unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.core.metrics import Metric
from edgebench.core.tasks import Activation, State
from edgebench.tasks.weighting import Weights, mean, total

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]
CLOSE = 0.05
"""Two networks agree on an answer where they differ by at most this share of the answers' standard deviation."""


class Regression:
    """Mean absolute error, root mean squared error, R², bias; over several outputs their plain mean."""

    name = "regression"
    summary = "quantities, such as an ejection fraction"
    activation: Activation = "none"

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """In the unit of the targets, except R²."""
        return (
            Metric(
                "mae",
                "MAE",
                "lower",
                unit,
                low=0,
            ),
            Metric(
                "rmse",
                "RMSE",
                "lower",
                unit,
                low=0,
            ),
            Metric(
                "r2",
                "R²",
                high=1,
            ),
            Metric(
                "bias",
                "bias",
                "near zero",
                unit,
            ),
        )

    def check(self, targets: NDArray[Any], outputs: int) -> None:
        """Raise DataError for targets that are not finite numbers, one for each output."""
        if targets.ndim not in (1, 2) or (targets.shape[1] if targets.ndim == 2 else 1) != outputs:
            raise DataError(f"targets of shape {targets.shape} for a network with {outputs} outputs")
        if not np.issubdtype(targets.dtype, np.number):
            raise DataError(f"targets of type {targets.dtype} are no numbers")
        wrong = ~np.isfinite(targets.astype(np.float64)).reshape(len(targets), -1).all(axis=1)
        if wrong.any():
            raise DataError(f"the target of record {int(wrong.argmax())} (counted from 0) is not a finite number")

    def fit(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> State:
        """Nothing."""
        return ()

    def score(
        self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State, weights: Weights | None
    ) -> Mapping[str, Floats]:
        """The metrics, each of shape (samples,); R² is omitted where all targets are equal."""
        truth = _columns(targets)
        errors = outputs.astype(np.float64) - truth
        squared = mean(errors**2, weights)
        found = {
            "mae": mean(np.abs(errors), weights).mean(axis=1),
            "rmse": np.sqrt(squared).mean(axis=1),
            "bias": mean(errors, weights).mean(axis=1),
        }
        # Around the mean of all records, so that the difference of two large sums does not lose digits.
        centred = truth - truth.mean(axis=0)
        spread = mean(centred**2, weights) - mean(centred, weights) ** 2
        varies = spread > 1e-12 * np.maximum(1.0, np.abs(truth).max(axis=0)) ** 2
        if weights is None and not varies.all():
            return found
        r2 = 1 - np.divide(squared, spread, out=np.full_like(squared, np.nan), where=varies)
        return found | {"r2": r2.mean(axis=1)}

    def by_class(self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State) -> Mapping[str, Floats]:
        """The mean absolute error of each output, where there are several."""
        if outputs.shape[1] == 1:
            return {}
        return {"mae_by_output": total(np.abs(outputs - _columns(targets)), None)[0] / len(outputs)}

    def agree(
        self, outputs: NDArray[np.float32], others: NDArray[np.float32], state: State, others_state: State
    ) -> float:
        """Share of the answers that differ by at most 5 % of the standard deviation of `others`."""
        tolerance = CLOSE * others.astype(np.float64).std(axis=0)
        return float((np.abs(outputs.astype(np.float64) - others) <= tolerance).mean())

    def rows(self, targets: NDArray[Any], outputs: int) -> NDArray[np.float32]:
        """The quantities."""
        return _columns(targets).astype(np.float32)

    def soften(self, outputs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
        """The same quantities; they have no temperature."""
        return outputs / np.float32(temperature)

    def class_weights(self, rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """None: there are no classes."""
        return None

    def loss(self, outputs: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """Mean squared error."""
        from torch.nn.functional import mse_loss

        return mse_loss(outputs, rows)


def _columns(targets: NDArray[Any]) -> Floats:
    """(records, outputs)."""
    return targets.astype(np.float64).reshape(len(targets), -1)


TASK = Regression()
