"""The scores of a cell, computed again by scikit-learn from nothing but the tables in the run's `predictions/`."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
    top_k_accuracy_score,
)

from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement, Run
from edgebench.pipeline import run_store

LAST_DIGIT = 1e-12
BINS = 15
"""Of the calibration error, as the documentation says."""
F1 = "f1_by_class"


def check(run: Run, m: Measurement, thresholds: Sequence[float] = (), own: Collection[str] = ()) -> None:
    """Compare every metric but the user's `own`; those without a value must be undefined there, too."""
    assert m.scores
    with (run.folder / "predictions" / "records.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = [name for name in rows[0] if name.startswith("target")]
    answers = np.load(run_store.output_of(run.folder, JobKey.of_prediction(m.cell, "cpu", ""))).astype(np.float64)
    targets = np.array([[float(row[name]) for name in columns] for row in rows])
    assert m.scores.records == len(rows) == len(answers)
    names = {score.metric.name for score in m.scores.metrics} | {metric.name for metric in m.scores.undefined}
    if "mae" in names:
        expected = regression(targets, answers, ())
    elif "top1" in names:
        expected = classification(targets[:, 0].astype(int), answers, ())
    else:
        expected = multilabel(targets.astype(int), answers, thresholds)
    by_class = expected.pop(F1, None)
    assert names - set(own) == {name for name in expected if name in names or expected[name] is not None}
    for name, value in expected.items():
        one = m.scores.of(name)
        assert (one is None) == (value is None), name
        if one is not None:
            assert one.value == pytest.approx(value, rel=LAST_DIGIT, abs=LAST_DIGIT), name
    if by_class is not None:
        assert list(m.scores.by_class[F1].values()) == pytest.approx(by_class, rel=LAST_DIGIT, abs=LAST_DIGIT)


def multilabel(labels: NDArray[Any], logits: NDArray[np.float64], thresholds: Sequence[float]) -> dict[str, Any]:
    probabilities = 1 / (1 + np.exp(-logits))
    decided = probabilities >= thresholds
    both = all(len(set(column)) == 2 for column in labels.T)
    errors = [calibration_error(*pair) for pair in zip(labels.T, probabilities.T, strict=True)]
    return {
        "macro_f1": f1_score(labels, decided, average="macro", zero_division=0),
        "macro_auc": roc_auc_score(labels, logits, average="macro") if both else None,
        "label_accuracy": accuracy_score(labels.ravel(), decided.ravel()),
        "exact_match": accuracy_score(labels, decided),
        "calibration_error": np.mean(errors),
        F1: f1_score(labels, decided, average=None, zero_division=0),
    }


def classification(targets: NDArray[Any], logits: NDArray[np.float64], _: Sequence[float]) -> dict[str, Any]:
    decided, names = logits.argmax(axis=1), np.arange(logits.shape[1])
    return {
        "top1": accuracy_score(targets, decided),
        "top5": top_k_accuracy_score(targets, logits, k=5, labels=names) if len(names) > 5 else None,
        "macro_f1": f1_score(targets, decided, labels=names, average="macro", zero_division=0),
        "calibration_error": calibration_error(decided == targets, softmax(logits, axis=1).max(axis=1)),
        F1: f1_score(targets, decided, labels=names, average=None, zero_division=0),
    }


def regression(targets: NDArray[Any], answers: NDArray[np.float64], _: Sequence[float]) -> dict[str, Any]:
    return {
        "mae": mean_absolute_error(targets, answers),
        "rmse": root_mean_squared_error(targets, answers),
        "r2": r2_score(targets, answers),
        "bias": (answers - targets.reshape(answers.shape)).mean(),
    }


def calibration_error(happened: NDArray[Any], probabilities: NDArray[np.float64]) -> float:
    """The gaps of scikit-learn's calibration curve, weighted by the records of each bin."""
    frequency, mean = calibration_curve(happened, probabilities, pos_label=1, n_bins=BINS)
    edges = np.linspace(0, 1, BINS + 1)[1:-1]
    count = np.bincount(np.searchsorted(edges, probabilities), minlength=BINS)
    return float((count[count > 0] * np.abs(frequency - mean)).sum() / len(probabilities))
