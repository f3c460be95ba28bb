"""The scores of a network's outputs: each metric with its interval, and compared with the fp32 network's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.core.results import Score
from edgebench.core.tasks import State, Task
from edgebench.tasks.resampling import interval, resamples


class Scored(NamedTuple):
    """Outputs of one network, scored: each metric's value, and its values in the bootstrap samples."""

    values: Mapping[str, float]
    samples: Mapping[str, NDArray[np.float64]]
    """Shape (samples,) each."""


def scored(task: Task, targets: NDArray[Any], outputs: NDArray[np.float32], state: State) -> Scored:
    """Score outputs (records, outputs) against targets; raises DataError where a metric's values are no numbers."""
    values = {name: _one(task, name, found) for name, found in task.score(targets, outputs, state, None).items()}
    parts = [task.score(targets, outputs, state, weights) for weights in resamples(len(outputs))]
    samples = {name: np.concatenate([part[name] for part in parts]) for name in values}
    return Scored(values, samples)


def _one(task: Task, name: str, found: NDArray[np.float64]) -> float:
    if np.shape(found) != (1,):
        raise DataError(
            f"task '{task.name}': its metric '{name}' has the shape {np.shape(found)} for one sample, not (1,)"
        )
    if not np.isfinite(found[0]):
        raise DataError(f"task '{task.name}': its metric '{name}' is {found[0]}; omit a metric that is undefined")
    return float(found[0])


def compared(this: Scored, reference: Scored | None) -> dict[str, Score]:
    """Each metric with its 95 % interval and, where there is a reference, its paired difference."""
    found = {}
    for name, value in this.values.items():
        samples = this.samples[name]
        low, high = interval(samples) if not np.isnan(samples).all() else (None, None)
        one = Score(value, low, high)
        if reference is not None and name in reference.values:
            apart = samples - reference.samples[name]
            ends = interval(apart) if not np.isnan(apart).all() else (None, None)
            one = Score(value, low, high, value - reference.values[name], *ends)
        found[name] = one
    return found
