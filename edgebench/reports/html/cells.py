"""The data of the page's charts and tables: one list for each cell, so that 500 cells stay small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgebench.core import flat_row
from edgebench.core.measurements import Measurement, Run
from edgebench.core.metrics import Metric
from edgebench.measuring.latency_statistics import Floats
from edgebench.pipeline import run_store
from edgebench.reports import columns, machines, palette
from edgebench.reports.html import embedding

NUMBERS = (
    "file_size_bytes", "zip_size_bytes", "peak_rss_bytes", "model_rss_bytes", "runtime_rss_bytes", "latency_p50_s",
    "latency_p50_low_s", "latency_p50_high_s", "latency_p90_s", "latency_p95_s", "latency_p99_s", "latency_max_s",
    "latency_samples", "throughput_per_s", "load_s", "first_inference_s", "paced_p50_s", "energy_j", "agreement",
    "parameters", "macs", "sparsity",
)  # fmt: skip
"""Columns of the flat row that the page has in base units; the scripts round them for display."""
TEXTS = ("model", "variant", "exporter", "name", "target", "timing", "reason")
MORE = ("front", "lost", "emulated", "classes", "shape")
SCORE = ("score", "score_low", "score_high", "delta", "delta_low", "delta_high")
"""The primary metric; the others' values are a list in the field after it."""
STRONG = 0.03
"""A difference with the full tint, as a share of the range of the numbers."""
UNKNOWN = "a machine that is not known"
BINS = 32
SPAN = (0.5, 5.0, 25.0, 75.0, 95.0, 99.5)
"""Percentiles of the samples: the ends of the drawn shape, and those in between."""


def of_machine(run: Run, machine: machines.Machine) -> dict[str, Any]:
    """What the scripts read of one machine; the values of each measured cell are in the order of `fields`."""
    rows = machine.measured
    classes = list(dict.fromkeys(name for m in rows for name in by_class(m)))
    metrics = columns.metrics(rows)
    return {
        "name": embedding.visible(machine.name or UNKNOWN),
        "classes": list(map(embedding.visible, classes)),
        "metrics": [_facts(metric) for metric in metrics],
        "table": _table(rows),
        "order": {key: list(map(embedding.visible, palette.order(rows, key, machine.plan))) for key in palette.KEYS},
        "colours": len(palette.COLOURS),
        "shapes": palette.SHAPES,
        "fields": [*TEXTS, *MORE, *SCORE, "others", *NUMBERS],
        "cells": [_cell(run, m, machine, classes, metrics) for m in rows],
    }


def _facts(metric: Metric) -> dict[str, Any]:
    """What the scripts need to show a metric's values."""
    texts = {"label": metric.label, "heading": metric.heading, "narrow": metric.narrow, "unit": metric.unit}
    shown = {name: embedding.visible(text) for name, text in texts.items()}
    return shown | {"better": metric.better, "decimals": metric.decimals}


def _table(rows: Sequence[Measurement]) -> dict[str, Any]:
    """What the numbers of each class are, and how they are shown."""
    primary = next((m.scores.primary for m in rows if m.scores), None)
    better = primary.metric.better if primary else "higher"
    spread = max((abs(one) for m in rows for one in by_class(m).values()), default=1.0) or 1.0
    return {
        "label": table_title(rows), "better": better, "decimals": primary.metric.decimals if primary else 3,
        "strong": STRONG * spread if spread > 1 else STRONG,
    }  # fmt: skip


def _cell(
    run: Run, m: Measurement, machine: machines.Machine, classes: Sequence[str], metrics: Sequence[Metric]
) -> list[Any]:
    texts = [
        m.cell.model,
        m.cell.variant,
        m.cell.exporter,
        m.cell.name,
        m.cell.target,
        columns.timing(m),
        columns.steadiness(m).reason,
    ]
    texts = list(map(embedding.visible, texts))
    more = [
        int(m.cell.id in machine.stars), int(machine.lost(m)), int(m.emulated),
        [by_class(m).get(name) for name in classes],
        None if m.emulated else shape(run_store.latencies(run, m)),
    ]  # fmt: skip
    first = metrics[0].column_names if metrics else ()
    score = [flat_row.value(m, first[i]) if i < len(first) else None for i in range(len(SCORE))]
    others = [flat_row.value(m, metric.name) for metric in metrics[1:]]
    return [*texts, *more, *score, others, *(flat_row.value(m, column) for column in NUMBERS)]


def table_title(rows: Sequence[Measurement]) -> str:
    """What the table of the classes shows."""
    name = next((name for m in rows if m.scores for name in m.scores.by_class), "")
    return columns.table_label(name) if name else "Score by class"


def by_class(m: Measurement) -> Mapping[str, float]:
    """The numbers of each class in the task's first table; empty where there is none."""
    return next(iter(m.scores.by_class.values()), {}) if m.scores else {}


def rounded(value: float) -> float:
    """Five digits, enough for a drawing."""
    return float(f"{value:.5g}")


def shape(processes: Sequence[Floats]) -> dict[str, Any] | None:
    """Percentiles of raw samples in seconds, and a histogram on a logarithmic axis with 99 as its highest bar.

    Each process gives as many samples as the one with the fewest, so that all count alike. None without samples.
    """
    if not processes:
        return None
    each = min(map(len, processes))
    samples = np.concatenate([p[:each] for p in processes])
    at = [float(value) for value in np.percentile(samples, SPAN)]
    low, high = at[0], max(at[-1], at[0] * 1.001)
    counts, _ = np.histogram(np.log(np.clip(samples, low, high)), BINS, (np.log(low), np.log(high)))
    bars = np.rint(99 * counts / counts.max()).astype(int)
    return {"at": [rounded(value) for value in at], "bars": [int(bar) for bar in bars]}
