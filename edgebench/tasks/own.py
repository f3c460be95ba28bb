"""A user's own task or metric from a Python file: `path/to/file.py:NAME`.

    def cost(targets, outputs):    # or cost(targets, outputs, state), with thresholds; or with weights, see OwnMetric
        return 100 * ((outputs[:, 1] > 0) != targets).mean()

    metric = OwnMetric(Metric("cost", "cost a record", "lower", "EUR"), cost)

A whole task is an object with `metrics` and `score`, and any other parts of `edgebench.core.tasks.Task`; those that
it does not have are the records' own task's.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry, user_code
from edgebench.core.columns import COLUMNS
from edgebench.core.errors import DataError
from edgebench.core.files import sha256
from edgebench.core.metrics import Metric
from edgebench.core.tasks import State, Task
from edgebench.tasks.calling import called, finite, number, read_only, samples

Outputs = NDArray[np.float32]
Weights = NDArray[np.float32] | None
Function = Callable[..., Any]
ABOUT = "a metric is an OwnMetric, a task has metrics and score"


@dataclass(frozen=True)
class OwnMetric:
    """A metric beside those of the records' own task."""

    metric: Metric
    function: Function
    """Of targets (records, …) and outputs (records, outputs), one number.

    It may take the model's thresholds as `state`. With a parameter `weights` (samples, records), how often each record
    counts, it returns a number for each sample; without it, it is called again for each of a few bootstrap samples.
    """
    primary: bool = True
    """Whether it decides, instead of the task's own primary metric."""


class WithMetrics:
    """A task with the user's metrics beside its own."""

    def __init__(self, spec: str, base: Task, own: tuple[OwnMetric, ...]) -> None:
        self.name, self._spec, self._base, self._own = f"{base.name}+{spec}", spec, base, own

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """The user's primary ones, the task's, and the user's others."""
        first, last = ([one.metric for one in self._own if one.primary is chosen] for chosen in (True, False))
        return _distinct(self._spec, (*first, *self._base.metrics(outputs, unit), *last))

    def score(self, targets: NDArray[Any], outputs: Outputs, state: State, weights: Weights) -> Mapping[str, Any]:
        """The task's values and the user's."""
        own: dict[str, Any] = {}
        for one in self._own:
            where = f"{self._spec}: metric '{one.metric.name}'"
            own |= _values(where, one.function, (targets, outputs), state, weights, [one.metric.name], alone=True)
        return {**self._base.score(targets, outputs, state, weights), **own}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


class OwnTask:
    """A user's task; the parts that it does not have are those of the records' own task."""

    def __init__(self, spec: str, base: Task | None, own: Any) -> None:
        self.name, self._spec, self._base, self._own = f"{base.name if base else ''}+{spec}", spec, base, own

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """The user's."""
        found = self._own.metrics
        if callable(found):
            found = called(f"{self._spec}: metrics", found, outputs, unit)
        if not isinstance(found, list | tuple) or not found or not all(isinstance(m, Metric) for m in found):
            raise DataError(f"{self._spec}: its metrics are {type(found).__name__}, not a list of Metric")
        return _distinct(self._spec, tuple(found))

    def check(self, targets: NDArray[Any], outputs: int) -> None:
        """The user's, or that of the records' own task."""
        owner = self._own if hasattr(self._own, "check") else self._base
        if owner is not None:
            called(f"{self._spec}: check", owner.check, read_only(targets), outputs)

    def score(self, targets: NDArray[Any], outputs: Outputs, state: State, weights: Weights) -> Mapping[str, Any]:
        """The user's values."""
        names = [metric.name for metric in self.metrics(outputs.shape[1], "")]
        return _values(f"{self._spec}: score", self._own.score, (targets, outputs), state, weights, names)

    def fit(self, targets: NDArray[Any], outputs: Outputs) -> State:
        """The user's choice on the validation records, or that of the records' own task."""
        owner = self._own if hasattr(self._own, "fit") else self._base
        if owner is None:
            return ()
        found = called(f"{self._spec}: fit", owner.fit, read_only(targets), read_only(outputs))
        return called(f"{self._spec}: fit", lambda: tuple(map(float, found)))  # type: ignore[no-any-return]

    def fits(self) -> bool:
        """Whether it chooses something on the validation records, in another way than the records' own task."""
        mine = getattr(type(self._own), "fit", getattr(self._own, "fit", None))
        return mine is not None and mine is not getattr(type(self._base), "fit", None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not hasattr(self._own, name):
            if self._base is None:
                raise DataError(f"{self._spec}: has no '{name}', and the records have no task of their own")
            return getattr(self._base, name)
        found = getattr(self._own, name)
        return functools.partial(called, f"{self._spec}: {name}", found) if callable(found) else found


def _values(
    where: str, function: Function, given: tuple[NDArray[Any], Outputs], state: State, weights: Weights,
    names: Sequence[str], alone: bool = False,
) -> dict[str, NDArray[np.float64]]:  # fmt: skip
    """What a function returns, by metric: a dict or, where it is of one metric `alone`, that one's value."""
    takes = _parameters(where, function)
    further = {"state": state} if "state" in takes else {}

    def at(key: str) -> str:
        return where if alone else f"{where}: {key}"

    def once(*arrays: NDArray[Any], **more: Any) -> Mapping[str, Any]:
        found = called(where, function, *map(read_only, arrays), **further, **more)
        found = {names[0]: found} if alone else found
        if not isinstance(found, Mapping):
            raise DataError(f"{where}: returns {type(found).__name__}, not a dict of numbers by metric")
        return found

    if "weights" in takes:
        times = np.ones((1, len(given[1])), np.float32) if weights is None else weights
        found = once(*given, weights=times)
        values = {key: samples(at(key), one, len(times)) for key, one in found.items()}
    elif weights is None:
        return {key: np.array([number(at(key), one)]) for key, one in once(*given).items()}
    else:
        return _resampled(once, given, weights, names)
    if weights is None:
        return {key: finite(at(key), one) for key, one in values.items()}
    return {key: np.where(np.isfinite(one), one, np.nan) for key, one in values.items()}


PART = 50
"""Samples of each part of the bootstrap on which a function without `weights` is called: 400 in all."""


def _resampled(
    once: Callable[..., Mapping[str, Any]],
    given: tuple[NDArray[Any], Outputs],
    weights: NDArray[np.float32],
    names: Sequence[str],
) -> dict[str, NDArray[np.float64]]:
    """The values in the first samples; not-a-number where the function fails on one, such as on a single class."""
    rows: list[Mapping[str, float]] = []
    for times in weights[:PART]:
        drawn = np.repeat(np.arange(len(times)), times.astype(int))
        try:
            found = {key: number("", one) for key, one in once(*(one[drawn] for one in given)).items()}
        except DataError:
            found = {}
        rows.append(found)
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}


def _parameters(where: str, function: Function) -> set[str]:
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        raise DataError(f"{where}: is no function of targets and outputs") from None


def _distinct(spec: str, metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    """The metrics; raises DataError where two have one column, or one has a column that every report has."""
    taken = set(COLUMNS)
    for metric in metrics:
        if both := taken.intersection(metric.column_names):
            raise DataError(f"{spec}: metric '{metric.name}': its column '{both.pop()}' is there already; rename it")
        taken |= set(metric.column_names)
    return metrics


@functools.lru_cache(maxsize=8)
def _loaded(path: Path, name: str, content: str) -> Any:
    """The object of that name; the file runs once for each `content`, its hash."""
    found = getattr(user_code.run(path, DataError), name, None)
    if found is None:
        raise DataError(f"{path}: has no '{name}'; {ABOUT}")
    return found


def source(spec: str, base: str) -> Task:
    """The task `path/to/file.py:NAME` for records of the task `base`; empty for records without one.

    Raises DataError where the file does not exist, was not named by the user, fails, or holds something else.
    """
    path, name = user_code.split(spec, "task", DataError)
    user_code.require_trust(path, DataError)
    found = _loaded(path.resolve(), name, sha256(path))
    below = registry.task(base) if base else None
    own = (found,) if isinstance(found, OwnMetric) else found
    if isinstance(own, list | tuple) and own and all(isinstance(one, OwnMetric) for one in own):
        if below is None:
            raise DataError(f"{spec}: a metric of labels, and the records have none")
        return cast("Task", WithMetrics(spec, below, tuple(own)))
    if isinstance(found, type) or not hasattr(found, "metrics") or not callable(getattr(found, "score", None)):
        raise DataError(f"{spec}: is a {type(found).__name__}; {ABOUT}")
    return cast("Task", OwnTask(spec, below, found))
