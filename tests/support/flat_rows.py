"""Measurements by the columns of report.csv, which are shorter to write and to read than their parts."""

from __future__ import annotations

from typing import Any

from edgebench.core.flat_row import COLUMNS, flatten, unflatten
from edgebench.core.flat_row import value as value
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import from_dict

KEYS = {
    "artifact": "file_size_bytes", "memory": "peak_rss_bytes", "latency": "latency_p50_s", "scores": "macro_f1",
    "operators": "int8_operators", "latency.warm": "load_s", "latency.cold": "cold_load_s",
    "latency.paced": "paced_p50_s", "latency.batches": "best_batch", "latency.energy": "energy_j",
    "scores.macro_auc": "macro_auc", "scores.counterpart": "counterpart",
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
    row = {name: one for name, one in columns.items() if all(_known(columns, key) for key in _keys(name))}
    for name in COLUMNS:
        if row.get(name) is None and _keys(name) and all(_known(row, key) for key in _keys(name)):
            row[name] = row[LIKE[name]] if name in LIKE else FILLED.get(name)
    fields = unflatten(row)
    if _known(row, "best_batch"):
        fields["latency"]["batches"].setdefault("throughputs_per_s", {})
    if _known(row, "energy_j"):
        fields["latency"]["energy"].setdefault("source", "")
    return from_dict(Measurement, fields)


def changed(m: Measurement, **columns: Any) -> Measurement:
    """The measurement with other values in some columns; a part whose first column becomes None goes."""
    row = flatten(m)
    # What was filled in follows the column that it is like.
    filled = [name for name, like in LIKE.items() if like in columns and row[name] == row[like]]
    return measurement(**(row | dict.fromkeys(filled) | columns))


def _keys(column: str) -> list[str]:
    """The columns without which this one is not there."""
    place = COLUMNS.get(column, "")
    return [key for part, key in KEYS.items() if place.startswith(f"{part}.")]


def _known(columns: dict[str, Any], key: str) -> bool:
    return columns.get(key) not in (None, "")
