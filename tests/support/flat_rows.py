"""Measurements by the columns of report.csv, which are shorter to write and to read than their parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebench.core.columns import ordered
from edgebench.core.flat_row import COLUMNS, flatten, metrics_of, unflatten
from edgebench.core.flat_row import value as value
from edgebench.core.measurements import Measurement
from edgebench.core.metrics import Metric
from edgebench.core.serialization import from_dict
from edgebench.tasks.earlier import EARLIER, TABLES
from edgebench.tasks.multilabel import METRICS

KEYS = {
    "artifact": "file_size_bytes", "memory": "peak_rss_bytes", "latency": "latency_p50_s", "scores": "macro_f1",
    "operators": "int8_operators", "latency.warm": "load_s", "latency.cold": "cold_load_s",
    "latency.paced": "paced_p50_s", "latency.batches": "best_batch", "latency.energy": "energy_j",
    "scores.counterpart": "counterpart",
}  # fmt: skip
"""The column without which a part is not there."""
FILLED = {
    "float_operators": 0, "conversions": 0, "int8_time_share": 0.0, "conversion_time_share": 0.0,
    "counterpart_delta": 0.0, "records": 60,
}  # fmt: skip
"""Columns that a part needs, with their values where a test does not name them."""
LIKE = {
    "latency_p50_low_s": "latency_p50_s", "latency_p50_high_s": "latency_p50_s", "first_inference_s": "load_s",
    "cold_first_inference_s": "cold_load_s", "paced_every_s": "paced_p50_s", "paced_p50_low_s": "paced_p50_s",
    "paced_p50_high_s": "paced_p50_s", "counterpart_low": "counterpart_delta", "counterpart_high": "counterpart_delta",
}  # fmt: skip
"""Columns that are as another one where a test does not name them."""


def measurement(**columns: Any) -> Measurement:
    """A measurement with these columns; what its parts need besides is filled in."""
    return _measurement(EARLIER, **columns)


def _measurement(metrics: Sequence[Metric], **columns: Any) -> Measurement:
    row = {name: one for name, one in columns.items() if all(_known(columns, key) for key in _keys(name))}
    for name in ordered(metrics, TABLES):
        if row.get(name) is None and _keys(name) and all(_known(row, key) for key in _keys(name)):
            row[name] = row[LIKE[name]] if name in LIKE else FILLED.get(name)
    fields = unflatten(row, metrics, TABLES)
    if _known(row, "best_batch"):
        fields["latency"]["batches"].setdefault("throughputs_per_s", {})
    if _known(row, "energy_j"):
        fields["latency"]["energy"].setdefault("source", "")
    return from_dict(Measurement, fields)


def changed(m: Measurement, **columns: Any) -> Measurement:
    """The measurement with other values in some columns; a part whose first column becomes None goes."""
    metrics = metrics_of([m]) or EARLIER
    row = flatten(m, metrics, TABLES)
    # What was filled in follows the column that it is like.
    filled = [name for name, like in LIKE.items() if like in columns and row[name] == row[like]]
    return _measurement(metrics, **(row | dict.fromkeys(filled) | columns))


def _keys(column: str) -> list[str]:
    """The columns without which this one is not there."""
    place = COLUMNS.get(column, "")
    if (not place and any(column in metric.column_names for metric in METRICS)) or column in TABLES:
        return ["macro_f1"]
    return [key for part, key in KEYS.items() if place.startswith(f"{part}.")]


def _known(columns: dict[str, Any], key: str) -> bool:
    return columns.get(key) not in (None, "")
