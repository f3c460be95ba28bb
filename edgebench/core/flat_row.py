"""The flat row of a measurement: one value a column, as in report.csv and report.json. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edgebench.core.columns import COLUMNS as COLUMNS
from edgebench.core.columns import PARTS, at, ordered
from edgebench.core.measurements import Measurement
from edgebench.core.metrics import Metric
from edgebench.core.results import Scores


def metrics_of(rows: Iterable[Measurement]) -> tuple[Metric, ...]:
    """The metrics that any of the rows has, in their order."""
    scored = [m.scores for m in rows if m.scores]
    found = {score.metric.name: score.metric for scores in scored for score in scores.metrics}
    return tuple((found | {metric.name: metric for scores in scored for metric in scores.undefined}).values())


def tables_of(rows: Iterable[Measurement]) -> tuple[str, ...]:
    """The tables by class that any of the rows has."""
    return tuple(dict.fromkeys(name for m in rows if m.scores for name in m.scores.by_class))


def flatten(
    m: Measurement, metrics: Sequence[Metric] | None = None, tables: Sequence[str] | None = None
) -> dict[str, Any]:
    """The columns of a measurement in their order; those of parts that were not measured are None or empty.

    `metrics` and `tables` are those of all rows of a table; None for the measurement's own.
    """
    metrics = metrics_of([m]) if metrics is None else metrics
    tables = tables_of([m]) if tables is None else tables
    empty: dict[str, Any] = {name: {} for name in tables} | dict.fromkeys(
        name for one in metrics for name in one.column_names
    )
    own = m.scores.columns() if m.scores else {}
    found = {column: at(m, place, column) for column, place in COLUMNS.items()} | empty | own
    return {column: found[column] for column in ordered(metrics, tables)}


def value(m: Measurement, column: str) -> Any:
    """One column of a measurement; None for the column of a metric that it does not have."""
    if column in COLUMNS:
        return at(m, COLUMNS[column], column)
    return m.scores.columns().get(column) if m.scores else None


def of_scores(scores: Scores) -> dict[str, Any]:
    """The columns that the scores alone have, in their order."""
    metrics = [*(score.metric for score in scores.metrics), *scores.undefined]
    own = scores.columns()
    return {
        column: own[column] if column in own else at(scores, COLUMNS[column].partition(".")[2], column)
        for column in ordered(metrics, list(scores.by_class))
        if column in own or COLUMNS[column].startswith("scores.")
    }


def unflatten(row: Mapping[str, Any], metrics: Sequence[Metric] = (), tables: Sequence[str] = ()) -> dict[str, Any]:
    """The nested fields of the `Measurement` of a flat row, for a validator; unknown names stay at the top.

    A part without a value in any of its columns was not measured and is omitted.
    """
    known = {name for metric in metrics for name in metric.column_names} | set(tables)
    found: dict[str, Any] = {}
    for name, one in row.items():
        *parts, last = COLUMNS.get(name, name).split(".")
        if name in known or (parts and parts[0] != "cell" and (one is None or one in ("", [], (), {}))):
            continue
        table = found
        for part in parts:
            table = table.setdefault(part, {})
        table[last] = one
    scored = [one for metric in metrics if (one := _score(row, metric))]
    by_class = {name: row.get(name) or {} for name in tables}
    if scored or any(by_class.values()):
        rest = [asdict(metric) for metric in metrics if not _score(row, metric)]
        fields = {"metrics": scored, "by_class": by_class, "undefined": rest}
        found.setdefault("scores", {}).update({name: one for name, one in fields.items() if one or name == "metrics"})
    return found


def _score(row: Mapping[str, Any], metric: Metric) -> dict[str, Any]:
    """The fields of a metric's score in a flat row; empty where it has none."""
    parts = {part: row.get(name) for name, part in zip(metric.column_names, PARTS, strict=False)}
    known = {part: one for part, one in parts.items() if one not in (None, "")}
    return {"metric": asdict(metric), **known} if known else {}
