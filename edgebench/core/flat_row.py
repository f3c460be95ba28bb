"""The flat row of a measurement: one value a column, as in report.csv and report.json. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.core.columns import COLUMNS as COLUMNS
from edgebench.core.columns import at
from edgebench.core.measurements import Measurement
from edgebench.core.results import Scores


def flatten(m: Measurement) -> dict[str, Any]:
    """The columns of a measurement in their order; those of parts that were not measured are None or empty."""
    return {column: value(m, column) for column in COLUMNS}


def value(m: Measurement, column: str) -> Any:
    """One column of a measurement."""
    return at(m, COLUMNS[column], column)


def of_scores(scores: Scores) -> dict[str, Any]:
    """The columns that the scores alone have, in their order."""
    return {
        column: at(scores, place.partition(".")[2], column)
        for column, place in COLUMNS.items()
        if place.startswith("scores.")
    }


def unflatten(row: Mapping[str, Any]) -> dict[str, Any]:
    """The nested fields of the `Measurement` of a flat row, for a validator; unknown names stay at the top.

    A part without a value in any of its columns was not measured and is omitted.
    """
    found: dict[str, Any] = {}
    for name, one in row.items():
        *parts, last = COLUMNS.get(name, name).split(".")
        if parts and parts[0] != "cell" and (one is None or one in ("", [], (), {})):
            continue
        table = found
        for part in parts:
            table = table.setdefault(part, {})
        table[last] = one
    return found


def nested(data: Any) -> Any:
    """The fields of a measurement as a file holds them: nested, or flat as earlier versions wrote them."""
    return unflatten(data) if isinstance(data, Mapping) and "cell" not in data else data
