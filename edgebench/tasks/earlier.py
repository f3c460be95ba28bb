"""Measurements as earlier versions wrote them, which knew multi-label classification only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from edgebench.core.flat_row import unflatten
from edgebench.tasks.multilabel import METRICS, TASK

TABLES = ("f1_by_class",)
_F1, _AUC, _ERROR = (next(m for m in METRICS if m.name == n) for n in ("macro_f1", "macro_auc", "calibration_error"))
EARLIER = (_F1, _AUC, replace(_ERROR, columns=(_ERROR.name,)))
"""Their metrics; the calibration error had no interval."""


def nested(data: Any) -> Any:
    """The fields of a measurement as a file holds them: as today, with one field a metric, or flat."""
    if not isinstance(data, Mapping):
        return data
    if "cell" not in data:
        return unflatten(data, EARLIER, TABLES)
    scores = data.get("scores")
    if not isinstance(scores, Mapping) or "metrics" in scores:
        return data
    return {**data, "scores": _scores(scores)}


def manifest(data: Any) -> Any:
    """The manifest of a trained model with today's fields: the scores of a split had one field a metric."""
    splits = data.get("scores") if isinstance(data, Mapping) else None
    if not isinstance(splits, Mapping):
        return data
    return {**data, "scores": {name: _split(one) for name, one in splits.items()}}


def with_task(data: Any) -> Any:
    """The fields of a manifest, or of the description of records, with the task where an earlier version named none."""
    return data if not isinstance(data, Mapping) or "task" in data else {**data, "task": TASK.name}


def _split(scores: Any) -> Any:
    if not isinstance(scores, Mapping) or "metrics" in scores:
        return scores
    known = {metric.name: scores[metric.name] for metric in (_F1, _AUC) if scores.get(metric.name) is not None}
    more = {"by_class": {TABLES[0]: scores["f1_per_class"]}} if "f1_per_class" in scores else {}
    rest = {name: one for name, one in scores.items() if name not in {_F1.name, _AUC.name, "f1_per_class"}}
    return rest | {"metrics": known} | more


def search(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """A search.json with today's fields."""
    if "validation_f1" not in found:
        return found
    metric = asdict(_F1)
    validation = {"metric": metric, "value": found["validation_f1"]}
    trials = [{"score": t["macro_f1"]} | {k: v for k, v in t.items() if k != "macro_f1"} for t in found["trials"]]
    test = {name: unflatten(row, EARLIER, TABLES)["scores"] for name, row in found["test"].items()}
    rest = {name: one for name, one in found.items() if name != "validation_f1"}
    return rest | {"validation": validation, "trials": trials, "test": test}


def _scores(scores: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: one for name, one in scores.items() if name not in {m.name for m in EARLIER} and name not in TABLES}
    metrics: list[Any] = []
    undefined = [asdict(metric) for metric in EARLIER if scores.get(metric.name) is None]
    for metric in EARLIER:
        one = scores.get(metric.name)
        if isinstance(one, Mapping):
            metrics.append({"metric": asdict(metric), **one})
        elif one is not None:
            metrics.append({"metric": asdict(metric), "value": one})
    by_class = {name: scores.get(name) or {} for name in TABLES}
    more = {"by_class": by_class, "undefined": undefined}
    return found | {"metrics": metrics} | {name: one for name, one in more.items() if one}
