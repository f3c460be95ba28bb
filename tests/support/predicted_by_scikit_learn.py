"""The scores of a cell, computed again by scikit-learn from the answers in the run's `predictions/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
    top_k_accuracy_score,
)

from edgebench.core.datasets import RecordSet
from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement, Run
from edgebench.pipeline import run_store

LAST_DIGIT = 1e-12


def check(run: Run, m: Measurement, records: RecordSet, thresholds: Sequence[float] = ()) -> None:
    """Compare every metric that scikit-learn has; those without a value must be undefined there, too."""
    assert m.scores
    answers = np.load(run_store.output_of(run.folder, JobKey.of_prediction(m.cell, "cpu", "")))
    kinds = {"multilabel": multilabel, "classification": classification, "regression": regression}
    expected = kinds[records.task](records.labels, answers.astype(np.float64), thresholds)
    for name, value in expected.items():
        one = m.scores.of(name)
        assert (one is None) == (value is None), name
        if one is not None:
            assert one.value == pytest.approx(value, rel=LAST_DIGIT, abs=LAST_DIGIT), name


def multilabel(labels: NDArray[Any], logits: NDArray[np.float64], thresholds: Sequence[float]) -> Mapping[str, Any]:
    decided = 1 / (1 + np.exp(-logits)) >= thresholds
    both = all(len(set(column)) == 2 for column in labels.T)
    return {
        "macro_f1": f1_score(labels, decided, average="macro", zero_division=0),
        "macro_auc": roc_auc_score(labels, logits, average="macro") if both else None,
        "label_accuracy": accuracy_score(labels.ravel(), decided.ravel()),
        "exact_match": accuracy_score(labels, decided),
    }


def classification(targets: NDArray[Any], logits: NDArray[np.float64], _: Sequence[float]) -> Mapping[str, Any]:
    decided, names = logits.argmax(axis=1), np.arange(logits.shape[1])
    return {
        "top1": accuracy_score(targets, decided),
        "top5": top_k_accuracy_score(targets, logits, k=5, labels=names) if len(names) > 5 else None,
        "macro_f1": f1_score(targets, decided, labels=names, average="macro", zero_division=0),
    }


def regression(targets: NDArray[Any], answers: NDArray[np.float64], _: Sequence[float]) -> Mapping[str, Any]:
    return {
        "mae": mean_absolute_error(targets, answers),
        "rmse": root_mean_squared_error(targets, answers),
        "r2": r2_score(targets, answers),
        "bias": (answers - targets.reshape(answers.shape)).mean(),
    }
