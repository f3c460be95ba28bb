"""How well a network does on a fold, and what its manifest tells of it."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgebench.core.contracts import InputContract, Progress, RecordSet
from edgebench.core.protocols import Dataset
from edgebench.core.recipe import Recipe
from edgebench.data.signals import open_signals, to_millivolts
from edgebench.models import store
from edgebench.tasks.statistics import best_thresholds, decide, f1_per_class, macro_auc, probabilities

BATCH = 128


def predict(
    network: nn.Module, records: RecordSet, place: torch.device, progress: Progress | None = None, limit: int = 0
) -> NDArray[np.float32]:
    """Logits (records, classes); the network is put into eval mode. `limit` takes that many, evenly spread."""
    signals = open_signals(records.signals)
    chosen = spread(len(signals), limit)
    network.eval()
    parts = []
    with torch.inference_mode():
        for i in range(0, len(chosen), BATCH):
            batch = torch.from_numpy(to_millivolts(signals[chosen[i : i + BATCH]]))
            parts.append(network(batch.to(place)).cpu())
            if progress:
                progress(min(i + BATCH, len(chosen)), len(chosen))
    logits: NDArray[np.float32] = torch.cat(parts).float().numpy()
    return logits


def spread(records: int, limit: int) -> NDArray[np.int64]:
    """Rows of at most `limit` records, evenly spread; of all where limit is 0."""
    if not 0 < limit < records:
        return np.arange(records)
    return np.linspace(0, records - 1, limit).astype(np.int64)


def judge(
    network: nn.Module, records: RecordSet, place: torch.device, recipe: Recipe, progress: Progress | None = None
) -> float:
    """The score that early stopping goes by; for macro-F1 at the thresholds that are best on these records."""
    logits = predict(network, records, place, progress, recipe.validation_records)
    labels = records.labels[spread(len(records), recipe.validation_records)]
    if recipe.stop_on == "macro_auc":
        return macro_auc(labels, logits) or 0.0
    return float(f1_per_class(labels, decide(logits, best_thresholds(labels, probabilities(logits)))).mean())


def describe(
    network: nn.Module, name: str, contract: InputContract, source: Dataset, recipe: Recipe,
    training: RecordSet, validation: RecordSet, test: RecordSet, history: dict[str, Any],
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All fields of the manifest but the weights' file; thresholds are chosen on the validation fold."""
    place = next(network.parameters()).device
    logits = predict(network, validation, place, progress)
    thresholds = best_thresholds(validation.labels, probabilities(logits))
    scores = {
        source.splits["validation"]: scores_of(validation, logits, thresholds),
        source.splits["test"]: scores_of(test, predict(network, test, place, progress), thresholds),
    }
    judged = recipe.validation_records or len(validation)
    return {
        "name": store.stem(name), "architecture": name, "classes": training.classes, "thresholds": thresholds,
        "input": contract, "parameters": sum(p.numel() for p in network.parameters()), "license": source.license,
        "training": {
            "dataset": training.label, "split": source.splits["train"], "records": len(training),
            "early_stopping": f"{recipe.stop_on} on {judged} records of {source.splits['validation']}",
            "recipe": named(recipe), **history, "device": str(place), "machine": platform.machine(),
            "packages": {p: version(p) for p in ("torch", "numpy")},
        },
        "scores": scores,
    }  # fmt: skip


def named(recipe: Recipe) -> dict[str, Any]:
    """The recipe's fields; of models that were given as a path only the name, since a path is of one machine."""
    return asdict(recipe) | {
        k: store.find(getattr(recipe, k)).manifest.name for k in ("teacher", "start") if getattr(recipe, k)
    }


def scores_of(records: RecordSet, logits: NDArray[np.float32], thresholds: tuple[float, ...]) -> store.FoldScores:
    """Macro-AUC and macro-F1 of logits (records, classes) at the thresholds."""
    f1 = f1_per_class(records.labels, decide(logits, thresholds))
    return store.FoldScores(
        records=len(records),
        macro_auc=macro_auc(records.labels, logits) or 0.0,
        macro_f1=float(f1.mean()),
        f1_per_class=tuple(float(x) for x in f1),
    )
