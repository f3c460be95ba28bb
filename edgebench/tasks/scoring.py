"""The scores of a network's outputs: each metric with its interval, and compared with the fp32 network's."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError
from edgebench.core.metrics import Metric
from edgebench.core.results import Score
from edgebench.core.tasks import State, Task
from edgebench.tasks.resampling import interval, resamples


class Scored(NamedTuple):
    """Outputs of one network, scored: each metric's value, and its values in the bootstrap samples."""

    values: Mapping[str, float]
    samples: Mapping[str, NDArray[np.float64]]
    """Shape (samples,) each."""


@dataclass(frozen=True)
class Scoring:
    """A task and the targets that outputs are scored against."""

    task: Task
    targets: NDArray[Any]
    """Of the task's own shape; the first axis is the records."""
    outputs: int
    """How many outputs a network has."""
    unit: str = ""
    """Unit of the targets."""

    @functools.cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The primary one first."""
        return self.task.metrics(self.outputs, self.unit)

    def against(self, reference: NDArray[np.float32] | None) -> Scoring:
        """The same with a reference network's outputs as targets, where the task compares with these."""
        if reference is None or not compares(self.task):
            return self
        return replace(self, targets=reference)

    def values(self, outputs: NDArray[np.float32], state: State) -> dict[str, float]:
        """Each metric's value of outputs (records, outputs); raises DataError where one is not a number."""
        found = self.task.score(self.targets, outputs, state, None)
        names = [metric.name for metric in self.metrics]
        if unknown := [name for name in found if name not in names]:
            raise DataError(f"task '{self.task.name}': scores '{unknown[0]}', which is none of its metrics")
        if names[0] not in found:
            raise DataError(f"task '{self.task.name}': its primary metric '{names[0]}' has no value on these records")
        return {metric.name: self._value(metric.name, found) for metric in self.metrics if metric.name in found}

    def scored(self, outputs: NDArray[np.float32], state: State) -> Scored:
        """The metrics' values, and those in the bootstrap samples; raises DataError as `values` does."""
        values = self.values(outputs, state)
        parts = [self.task.score(self.targets, outputs, state, weights) for weights in resamples(len(outputs))]
        return Scored(values, {name: np.concatenate([part[name] for part in parts]) for name in values})

    def compared(self, this: Scored, reference: Scored | None = None) -> tuple[Score, ...]:
        """Each metric with its 95 % interval and, where there is a reference, its paired difference to that."""
        metrics = [metric for metric in self.metrics if metric.name in this.values]
        return tuple(_compared(metric, this, reference) for metric in metrics)

    def undefined(self, this: Scored) -> tuple[Metric, ...]:
        """The metrics that have no value on these records."""
        return tuple(metric for metric in self.metrics if metric.name not in this.values)

    def _value(self, name: str, found: Mapping[str, NDArray[np.float64]]) -> float:
        value, where = found[name], f"task '{self.task.name}', metric '{name}'"
        if np.shape(value) != (1,):
            raise DataError(f"{where}: its values have the shape {np.shape(value)} for one sample, not (1,)")
        if not np.isfinite(value[0]):
            raise DataError(f"{where}: its value is {value[0]}; a task leaves out a metric that is undefined")
        return float(value[0])


def compares(task: Task) -> bool:
    """Whether the targets of a task are the outputs of a reference network, so that records need no labels."""
    return bool(getattr(task, "compares", False))


def scoring(records: RecordSet) -> Scoring:
    """How outputs on these records are scored; raises DataError where the task needs labels and there are none."""
    task = registry.task(records.task)
    targets = np.empty((0, 0)) if compares(task) else records.labels
    return Scoring(task, targets, len(records.classes), records.unit)


def _compared(metric: Metric, this: Scored, reference: Scored | None) -> Score:
    value, samples = this.values[metric.name], this.samples[metric.name]
    low, high = _interval(samples)
    if reference is None or metric.name not in reference.values:
        return Score(metric, value, low, high)
    ends = _interval(samples - reference.samples[metric.name])
    return Score(metric, value, low, high, value - reference.values[metric.name], *ends)


def _interval(samples: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """None where the metric is undefined in every sample: there are too few records."""
    return (None, None) if np.isnan(samples).all() else interval(samples)
