"""The schema of the JSON files in a run's folder, so that the code that shows them need not check.

A folder may come from another machine, another version or another program: further fields are ignored, and the known
ones are checked by `core.validation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from edgebench.core import flat_row
from edgebench.core.columns import COLUMNS
from edgebench.core.errors import RunError
from edgebench.core.measurements import Measurement
from edgebench.core.metrics import Metric
from edgebench.core.problems import expected, inside
from edgebench.core.results import Scores
from edgebench.core.serialization import readable
from edgebench.core.validation import validated

MOST = 2**63 - 1
"""The largest size or count that a file may hold."""
LEAST_S, MOST_S = 1e-12, 1e7
"""A latency is longer than a clock's tick of any machine, and shorter than months."""
LATENCIES = {
    name for name in COLUMNS if name.startswith(("latency_", "paced_p50", "process_medians")) and "samples" not in name
}
SHARES = {
    "agreement",
    "sparsity",
    "sparsity_before",
    "int8_time_share",
    "conversion_time_share",
    "slowest_operator_share",
}
MOST_SCORE = 1e15
"""The largest absolute value of a metric that has no bound of its own."""
ROUNDED = 1e-9
"""How far the sum of a share's parts may be above 1."""
SURROGATES = re.compile("[\ud800-\udfff]")
"""Lone surrogates: JSON can spell them, but no file or terminal accepts them."""
DAMAGED = "the folder is damaged, or another program's"


@dataclass(frozen=True)
class StoredPlan:
    """Fields of a stored plan that are read without a resume, which reads them all."""

    models: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    exporters: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    measuring: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] | None = None


@dataclass(frozen=True)
class StoredEnvironment:
    """Fields of environment.json."""

    architecture: str = ""
    cpu: str = ""
    board: str = ""
    system: str = ""
    python: str = ""
    fingerprint: str = ""
    governor: str | None = None
    emulator: str | None = None
    cores: int = 0
    threads: int = 0
    memory_bytes: float | None = None
    frequency_hz: float | None = None
    temperature_c: float | None = None
    load_average: float | None = None
    virtual: bool = False
    instruction_sets: tuple[str, ...] = ()
    cuda: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    target_threads: dict[str, int] = field(default_factory=dict)


def row(data: Any, where: str) -> Any:
    """A stored measurement with its texts readable; raises RunError for numbers that are too large.

    Names and reasons may come from other machines.
    """
    try:
        return _readable(data, where, "")
    except RecursionError:
        raise RunError(f"{where}: nested too deeply") from None


def _readable(value: Any, where: str, place: str) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, int | float) and abs(value) > MOST:
        raise RunError(f"{where}: {place}: must be a smaller number")
    if isinstance(value, dict):
        return {readable(name): _readable(one, where, inside(place, readable(name))) for name, one in value.items()}
    return value


def check_measurement(m: Measurement, where: str) -> None:
    """Raise RunError for a row with a number that no measurement can have: a share above 1, a latency of nothing."""
    for column in COLUMNS:
        value = flat_row.value(m, column)
        least, most = bounds_of(column)
        for one in value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,):
            if isinstance(one, int | float) and not least <= one <= most + ROUNDED:
                raise RunError(f"{where}: {expected(COLUMNS[column], f'from {least:g} to {most:g}', one)}")
    if m.scores:
        _check_scores(m.scores, where)


def _check_scores(scores: Scores, where: str) -> None:
    """Raise RunError for a score outside of its metric's range."""
    for score in scores.metrics:
        low, high = _range(score.metric)
        widest = high - low
        for name, one in (("value", score.value), ("low", score.low), ("high", score.high)):
            _require_within(one, low, high, f"{where}: scores.{score.metric.name}.{name}")
        for name, one in (("delta", score.delta), ("delta_low", score.delta_low), ("delta_high", score.delta_high)):
            _require_within(one, -widest, widest, f"{where}: scores.{score.metric.name}.{name}")
    for table, values in scores.by_class.items():
        for name, one in values.items():
            _require_within(one, -MOST_SCORE, MOST_SCORE, f"{where}: scores.{table}.{name}")
    if other := scores.counterpart:
        low, high = _range(scores.primary.metric)
        for one in (other.delta, other.low, other.high):
            _require_within(one, low - high, high - low, f"{where}: scores.counterpart")


def _range(metric: Metric) -> tuple[float, float]:
    return -MOST_SCORE if metric.low is None else metric.low, MOST_SCORE if metric.high is None else metric.high


def _require_within(value: float | None, least: float, most: float, what: str) -> None:
    if value is not None and not least - ROUNDED <= value <= most + ROUNDED:
        raise RunError(f"{what}: must be from {least:g} to {most:g}, not {value:g}")


def bounds_of(column: str) -> tuple[float, float]:
    """The least and the largest value of a column of numbers."""
    if column in SHARES:
        return 0, 1
    if column.startswith("counterpart_"):
        return -MOST_SCORE, MOST_SCORE
    if column in LATENCIES:
        return LEAST_S, MOST_S
    if column.endswith("_s") and not column.endswith("per_s"):
        return 0, MOST_S
    return (-300 if column == "temperature_c" else 0), MOST


def check_plan(plan: Mapping[str, Any], where: str) -> None:
    """Raise RunError, with the file and the field, for a stored plan that cannot be used."""
    artifacts = plan.get("artifacts")
    plain = {k: v for k, v in plan.items() if k != "artifacts"}
    _check(StoredPlan, plain, where)
    _check(StoredPlan, {"artifacts": artifacts} if "artifacts" in plan else {}, where, any_text=True)


def check_environment(environment: Mapping[str, Any], where: str) -> None:
    """Raise RunError, with the file and the field, for a description of a machine that cannot be used."""
    _check(StoredEnvironment, environment, where)


def _check(kind: type, data: Mapping[str, Any], where: str, any_text: bool = False) -> None:
    """`any_text` allows lone surrogates, as in the path of a file with any name."""
    known = {f.name for f in fields(kind)}
    found = {name: value for name, value in data.items() if name in known}
    try:
        validated(kind, found, where, RunError)
        for name, value in found.items():
            _require_usable(value, name, where, any_text)
    except RunError as error:
        raise RunError(f"{error}; {DAMAGED}") from None


def _require_usable(value: Any, place: str, where: str, any_text: bool) -> None:
    """Raise RunError for a number too large to compute with, and for text that nothing can show."""
    if isinstance(value, int | float) and abs(value) > MOST:
        raise RunError(f"{where}: {expected(place, 'a smaller number', value)}")
    if isinstance(value, str) and not any_text and SURROGATES.search(value):
        raise RunError(f"{where}: {expected(place, 'text', value)}")
    if isinstance(value, Mapping):
        for name, one in value.items():
            _require_usable(name, place, where, any_text)
            _require_usable(one, inside(place, str(name)), where, any_text)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _require_usable(one, inside(place, str(number)), where, any_text)
