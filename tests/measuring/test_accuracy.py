"""Scores of an artifact and its comparison with the reference and with plainer cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core.cells import Cell
from edgebench.core.flat_row import of_scores
from edgebench.measuring import accuracy
from edgebench.tasks import multilabel
from edgebench.tasks.scoring import Scoring


def test_accuracy_is_scikit_learns(artifact: StoredArtifact) -> None:
    assert artifact.artifact is not None
    rng = np.random.default_rng(0)
    labels = (rng.random((300, 5)) < 0.3).astype(np.uint8)
    logits = (rng.normal(size=(300, 5)) + 2 * labels).astype(np.float32)
    noisy = logits + rng.normal(0, 0.5, logits.shape).astype(np.float32)
    thresholds = np.array(artifact.artifact.thresholds)
    ours = (1 / (1 + np.exp(-noisy.astype(float)))) >= thresholds
    scoring = Scoring(multilabel.TASK, labels, 5)
    base = logits > 0  # the reference has thresholds of its own
    reference = accuracy.Reference(scoring, logits, (0.5,) * 5)
    row = of_scores(accuracy.score(scoring, noisy, reference, artifact.artifact))
    f1 = f1_score(labels, ours, average="macro")
    assert row["macro_f1"] == pytest.approx(f1, abs=1e-12)
    assert row["macro_auc"] == pytest.approx(roc_auc_score(labels, noisy), abs=1e-12)
    assert row["delta_macro_f1"] == pytest.approx(f1 - f1_score(labels, base, average="macro"), abs=1e-12)
    assert row["macro_f1_low"] < row["macro_f1"] < row["macro_f1_high"]
    assert (row["delta_low"] or 0) < (row["delta_macro_f1"] or 0) < (row["delta_high"] or 0)
    assert row["delta_macro_auc"] == pytest.approx(roc_auc_score(labels, noisy) - roc_auc_score(labels, logits))
    assert (row["delta_auc_low"] or 0) < (row["delta_macro_auc"] or 0) < (row["delta_auc_high"] or 0)
    assert (row["macro_auc_low"] or 1) < (row["macro_auc"] or 0) < (row["macro_auc_high"] or 0)
    assert row["agreement"] == pytest.approx((ours == base).mean())
    assert list(row["f1_by_class"].values()) == pytest.approx(list(f1_score(labels, ours, average=None)))
    assert list(row["f1_by_class"]) == list(artifact.artifact.classes)
    assert row["max_abs_error"] == pytest.approx(float(np.abs(noisy - logits).max()))


VARIANTS = ("none", "l1-0.4", "structured-0.5")


@pytest.mark.parametrize(
    ("exporter", "variant", "against"),
    [
        ("fbgemm-int8", "none", None),
        ("fbgemm-int8", "structured-0.5", None),
        ("onnx", "l1-0.4", None),
        ("fbgemm-int8:minmax,per-tensor", "none", ("fbgemm-int8", "none")),
        ("onnx-int8", "qat", ("onnx-int8", "none")),
        ("onnx-int8", "structured-0.5+qat-qnnpack", ("onnx-int8", "structured-0.5")),
        ("onnx-int8:entropy", "l1-0.4+qat", ("onnx-int8", "l1-0.4")),
    ],
)
def test_what_an_int8_cell_is_compared_with(exporter: str, variant: str, against: tuple[str, str] | None) -> None:
    cell = Cell("m", variant, exporter, "host")
    there = [cell, *(Cell("m", v, e, "host") for e in ("fbgemm-int8", "onnx-int8") for v in VARIANTS)]
    other = accuracy.counterpart(cell, there)
    assert (other and (other.exporter, other.variant)) == against


def test_two_calibrations_without_the_plain_one_are_compared_with_each_other(artifact: StoredArtifact) -> None:
    """The second with the first, on the same bootstrap samples: the interval is that of the difference by hand."""
    assert artifact.artifact is not None
    rng = np.random.default_rng(0)
    labels = (rng.random((300, 5)) < 0.3).astype(np.uint8)
    logits = (rng.normal(size=(300, 5)) + 2 * labels).astype(np.float32)
    noisy = logits + rng.normal(0, 2, logits.shape).astype(np.float32)
    words = ("minmax,per-tensor", "histogram,per-channel")
    first, second = (Cell("m", "none", f"fbgemm-int8:{word}", "host") for word in words)
    other_model, other_target = replace(first, model="n"), replace(first, target="t")
    answers = {
        cell: accuracy.Answer(noisy if cell == first else logits, artifact.artifact, None)
        for cell in (other_model, other_target, first, second)
    }
    scoring = Scoring(multilabel.TASK, labels, 5)
    found = accuracy.score_cells(scoring, answers)
    assert [found[cell.id].counterpart for cell in (first, other_model, other_target)] == [None] * 3
    against = found[second.id].counterpart
    assert against is not None and against.name == first.name
    one, two = (scoring.scored(answers[cell].outputs, artifact.artifact.thresholds) for cell in (first, second))
    differences = two.samples["macro_f1"] - one.samples["macro_f1"]
    assert (against.low, against.high) == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])))


def test_int8_is_compared_with_plainer_int8(artifact: StoredArtifact) -> None:
    assert artifact.artifact is not None
    rng = np.random.default_rng(0)
    labels = (rng.random((300, 5)) < 0.3).astype(np.uint8)
    logits = (rng.normal(size=(300, 5)) + 2 * labels).astype(np.float32)
    noisy = logits + rng.normal(0, 2, logits.shape).astype(np.float32)
    plain, qat = Cell("m", "none", "onnx-int8", "host"), Cell("m", "qat", "onnx-int8", "host")
    answers = {
        qat: accuracy.Answer(logits, artifact.artifact, None),
        plain: accuracy.Answer(noisy, replace(artifact.artifact, thresholds=(0.6,) * 5), None),
    }
    scoring = Scoring(multilabel.TASK, labels, 5)
    found = accuracy.score_cells(scoring, answers)
    assert found[plain.id].counterpart is None
    compared, other = found[qat.id], found[qat.id].counterpart
    assert other is not None and other.name == "onnx-int8"
    assert other.delta == pytest.approx(compared.primary.value - found[plain.id].primary.value, abs=1e-12)
    assert 0 < other.low < other.delta < other.high
    assert accuracy.score_cells(scoring, {qat: answers[qat]})[qat.id].counterpart is None
