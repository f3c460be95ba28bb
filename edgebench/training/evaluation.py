"""The scores of a network on a fold, and the manifest of a trained model."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgebench.core import registry
from edgebench.core.contracts import Progress
from edgebench.core.datasets import Dataset, RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.core.metrics import Metric
from edgebench.core.recipe import Recipe
from edgebench.data.stored import Batches
from edgebench.models import prediction, store
from edgebench.tasks.chosen import recorded
from edgebench.tasks.scoring import scoring

BATCH = 128


def predict(
    network: nn.Module, records: RecordSet, progress: Progress | None = None, limit: int = 0
) -> NDArray[np.float32]:
    """Logits (records, classes) on the network's device, which takes all their inputs; puts it into eval mode.

    A `limit` above 0 predicts at most that many records, evenly spread.
    """
    return prediction.predict(network, Batches(*records.inputs), BATCH, spread(len(records), limit), progress)


def spread(records: int, limit: int) -> NDArray[np.int64]:
    """Rows of at most `limit` records, evenly spread; all rows where limit is 0."""
    if not 0 < limit < records:
        return np.arange(records)
    return np.linspace(0, records - 1, limit).astype(np.int64)


def stopping_metric(records: RecordSet, recipe: Recipe) -> Metric:
    """The metric that early stopping uses: the recipe's, or the task's primary one. Raises ModelError."""
    metrics = scoring(records).metrics
    if not recipe.stop_on:
        return metrics[0]
    found = next((metric for metric in metrics if metric.name == recipe.stop_on), None)
    if found is None:
        names = ", ".join(metric.name for metric in metrics)
        raise ModelError(f"recipe: stop_on '{recipe.stop_on}': the task '{records.task}' has {names}")
    return found


def usual_metric(records: RecordSet, recipe: Recipe) -> str:
    """The metric that an architecture's own recipe names, or none where the task of the records lacks it."""
    return recipe.stop_on if any(metric.name == recipe.stop_on for metric in scoring(records).metrics) else ""


def validation_score(
    network: nn.Module, records: RecordSet, recipe: Recipe, progress: Progress | None = None
) -> float | None:
    """The value of the metric that early stopping uses, with what the task fits on these records.

    None where it is undefined on them.
    """
    outputs = predict(network, records, progress, recipe.validation_records)
    targets = records.labels[spread(len(records), recipe.validation_records)]
    task = registry.task(records.task)
    found = task.score(targets, outputs, task.fit(targets, outputs), None)
    name = stopping_metric(records, recipe).name
    return float(found[name][0]) if name in found else None


def manifest_fields(
    network: nn.Module, name: str, spec: InputSpec, source: Dataset, recipe: Recipe,
    training: RecordSet, validation: RecordSet, test: RecordSet, history: dict[str, Any],
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All fields of the manifest but those of the weights' file; chooses the thresholds on the validation fold."""
    outputs = predict(network, validation, progress)
    thresholds = registry.task(validation.task).fit(validation.labels, outputs)
    scores = {
        source.splits["validation"]: scores_of(validation, outputs, thresholds),
        source.splits["test"]: scores_of(test, predict(network, test, progress), thresholds),
    }
    validated = recipe.validation_records or len(validation)
    stopped = stopping_metric(validation, recipe).name
    return {
        "name": store.stem(name), "architecture": name, "classes": training.classes, "thresholds": thresholds,
        "task": recorded(training.task), "unit": training.unit,
        "input": spec, "further": {one.name: one.spec for one in test.inputs[1:]},
        "parameters": sum(p.numel() for p in network.parameters()), "license": source.license,
        "training": {
            "dataset": training.label, "split": source.splits["train"], "records": len(training),
            "early_stopping": f"{stopped} on {validated} records of {source.splits['validation']}",
            "recipe": recipe_fields(recipe), **history, "device": str(next(network.parameters()).device),
            "machine": platform.machine(), "packages": {p: version(p) for p in ("torch", "numpy")},
        },
        "scores": scores,
    }  # fmt: skip


def recipe_fields(recipe: Recipe) -> dict[str, Any]:
    """The recipe's fields, with the names of its models instead of paths, which are valid on one machine only."""
    named = {"teacher": recipe.teachers, "start": (recipe.start,) if recipe.start else ()}
    names = {field: ",".join(store.find(model).manifest.name for model in used) for field, used in named.items()}
    return asdict(recipe) | names


def scores_of(records: RecordSet, outputs: NDArray[np.float32], thresholds: tuple[float, ...]) -> store.SplitScores:
    """The metrics of outputs (records, outputs) at the thresholds."""
    task = registry.task(records.task)
    found = task.score(records.labels, outputs, thresholds, None)
    tables = task.by_class(records.labels, outputs, thresholds)
    return store.SplitScores(
        len(records),
        {metric.name: float(found[metric.name][0]) for metric in scoring(records).metrics if metric.name in found},
        {name: tuple(map(float, row)) for name, row in tables.items()},
    )
