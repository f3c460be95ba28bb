"""The scores of a network on a fold, and the manifest of a trained model."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgebench.core.contracts import InputContract, Progress, RecordSet
from edgebench.core.protocols import Dataset
from edgebench.core.recipe import Recipe
from edgebench.data.signals import open_signals
from edgebench.models import prediction, store
from edgebench.tasks.statistics import best_thresholds, decide, f1_per_class, macro_auc, probabilities

BATCH = 128


def predict(
    network: nn.Module, records: RecordSet, progress: Progress | None = None, limit: int = 0
) -> NDArray[np.float32]:
    """Logits (records, classes) on the network's device; puts it into eval mode.

    A `limit` above 0 predicts at most that many records, evenly spread.
    """
    return prediction.predict(network, open_signals(records.signals), BATCH, spread(len(records), limit), progress)


def spread(records: int, limit: int) -> NDArray[np.int64]:
    """Rows of at most `limit` records, evenly spread; all rows where limit is 0."""
    if not 0 < limit < records:
        return np.arange(records)
    return np.linspace(0, records - 1, limit).astype(np.int64)


def validation_score(network: nn.Module, records: RecordSet, recipe: Recipe, progress: Progress | None = None) -> float:
    """The score that early stopping uses; macro-F1 is at the best thresholds for these records."""
    logits = predict(network, records, progress, recipe.validation_records)
    labels = records.labels[spread(len(records), recipe.validation_records)]
    if recipe.stop_on == "macro_auc":
        return macro_auc(labels, logits) or 0.0
    return float(f1_per_class(labels, decide(logits, best_thresholds(labels, probabilities(logits)))).mean())


def manifest_fields(
    network: nn.Module, name: str, contract: InputContract, source: Dataset, recipe: Recipe,
    training: RecordSet, validation: RecordSet, test: RecordSet, history: dict[str, Any],
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All fields of the manifest but those of the weights' file; chooses the thresholds on the validation fold."""
    logits = predict(network, validation, progress)
    thresholds = best_thresholds(validation.labels, probabilities(logits))
    scores = {
        source.splits["validation"]: scores_of(validation, logits, thresholds),
        source.splits["test"]: scores_of(test, predict(network, test, progress), thresholds),
    }
    validated = recipe.validation_records or len(validation)
    return {
        "name": store.stem(name), "architecture": name, "classes": training.classes, "thresholds": thresholds,
        "input": contract, "parameters": sum(p.numel() for p in network.parameters()), "license": source.license,
        "training": {
            "dataset": training.label, "split": source.splits["train"], "records": len(training),
            "early_stopping": f"{recipe.stop_on} on {validated} records of {source.splits['validation']}",
            "recipe": recipe_fields(recipe), **history, "device": str(next(network.parameters()).device),
            "machine": platform.machine(), "packages": {p: version(p) for p in ("torch", "numpy")},
        },
        "scores": scores,
    }  # fmt: skip


def recipe_fields(recipe: Recipe) -> dict[str, Any]:
    """The recipe's fields, with the names of its models instead of paths, which are valid on one machine only."""
    return asdict(recipe) | {
        k: store.find(getattr(recipe, k)).manifest.name for k in ("teacher", "start") if getattr(recipe, k)
    }


def scores_of(records: RecordSet, logits: NDArray[np.float32], thresholds: tuple[float, ...]) -> store.FoldScores:
    """Macro-AUC of logits (records, classes), and their F1 at the thresholds."""
    f1 = f1_per_class(records.labels, decide(logits, thresholds))
    return store.FoldScores(
        records=len(records),
        macro_auc=macro_auc(records.labels, logits) or 0.0,
        macro_f1=float(f1.mean()),
        f1_per_class=tuple(float(x) for x in f1),
    )
