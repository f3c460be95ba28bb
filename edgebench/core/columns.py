"""The columns of report.csv, and where each value stands in a `Measurement`."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from edgebench.core.metrics import Metric

COLUMNS: Mapping[str, str] = {
    "run": "run",
    "model": "cell.model",
    "variant": "cell.variant",
    "exporter": "cell.exporter",
    "format": "format",
    "precision": "precision",
    "target": "cell.target",
    "status": "status",
    "reason": "reason",
    "emulated": "emulated",
    "file_size_bytes": "artifact.file_size_bytes",
    "parameters": "artifact.network.parameters",
    "sparsity": "artifact.network.sparsity",
    "zip_size_bytes": "artifact.zip_size_bytes",
    "macs": "artifact.network.macs",
    "parameters_before": "artifact.before.parameters",
    "macs_before": "artifact.before.macs",
    "sparsity_before": "artifact.before.sparsity",
    "peak_rss_bytes": "memory.peak_rss_bytes",
    "model_rss_bytes": "memory.model_rss_bytes",
    "runtime_rss_bytes": "memory.runtime_rss_bytes",
    "peak_device_bytes": "memory.peak_device_bytes",
    "load_s": "latency.warm.load_s",
    "first_inference_s": "latency.warm.first_inference_s",
    "cold_load_s": "latency.cold.load_s",
    "cold_first_inference_s": "latency.cold.first_inference_s",
    "latency_p50_s": "latency.p50_s",
    "latency_p50_low_s": "latency.p50_low_s",
    "latency_p50_high_s": "latency.p50_high_s",
    "latency_min_s": "latency.min_s",
    "latency_p90_s": "latency.p90_s",
    "latency_p95_s": "latency.p95_s",
    "latency_p99_s": "latency.p99_s",
    "latency_max_s": "latency.max_s",
    "latency_samples": "latency.samples",
    "process_medians_s": "latency.process_medians_s",
    "throughput_per_s": "latency.throughput_per_s",
    "paced_every_s": "latency.paced.every_s",
    "paced_p50_s": "latency.paced.p50_s",
    "paced_p50_low_s": "latency.paced.p50_low_s",
    "paced_p50_high_s": "latency.paced.p50_high_s",
    "batch_throughputs_per_s": "latency.batches.throughputs_per_s",
    "best_batch": "latency.batches.best",
    "energy_j": "latency.energy.joules",
    "energy_source": "latency.energy.source",
    "verdict": "latency.steadiness.verdict",
    "verdict_reason": "latency.steadiness.reason",
    "background_cores": "latency.steadiness.background_cores",
    "drift": "latency.steadiness.drift",
    "temperature_c": "latency.steadiness.temperature_c",
    "int8_operators": "operators.int8_operators",
    "float_operators": "operators.float_operators",
    "conversions": "operators.conversions",
    "int8_time_share": "operators.int8_time_share",
    "conversion_time_share": "operators.conversion_time_share",
    "slowest_operator": "operators.slowest_operator",
    "slowest_operator_share": "operators.slowest_operator_share",
    "dataset": "dataset",
    "records": "scores.records",
    "agreement": "scores.agreement",
    "max_abs_error": "scores.max_abs_error",
    "counterpart": "scores.counterpart.name",
    "counterpart_delta": "scores.counterpart.delta",
    "counterpart_low": "scores.counterpart.low",
    "counterpart_high": "scores.counterpart.high",
    "artifact_sha256": "artifact.sha256",
    "host": "host",
}
"""The columns of every task in their order, each with the place of its value in a `Measurement`. Those of the
task's own metrics come after `records`."""
LAST_BEFORE_METRICS = "records"
PARTS = ("value", "low", "high", "delta", "delta_low", "delta_high")
"""Fields of a score, in the order of a metric's columns."""
EMPTY: Mapping[str, Any] = {
    "process_medians_s": (), "batch_throughputs_per_s": {},
    **dict.fromkeys(("energy_source", "verdict_reason", "slowest_operator", "counterpart", "artifact_sha256"), ""),
}  # fmt: skip
"""The value of a column whose part was not measured, unless it is None."""


def at(record: Any, place: str, column: str) -> Any:
    """The value at a dotted place in a record; what a column has instead where its part was not measured."""
    found = functools.reduce(lambda part, name: getattr(part, name, None), place.split("."), record)
    return EMPTY.get(column) if found is None else found


def ordered(metrics: Sequence[Metric], tables: Sequence[str]) -> list[str]:
    """All columns of rows with these metrics and tables by class: values, tables, then differences."""
    values = [name for metric in metrics for name in metric.column_names[:3]]
    deltas = [name for metric in metrics for name in metric.column_names[3:]]
    place = list(COLUMNS).index(LAST_BEFORE_METRICS) + 1
    return [*list(COLUMNS)[:place], *values, *tables, *deltas, *list(COLUMNS)[place:]]
