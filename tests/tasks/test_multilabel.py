from __future__ import annotations

import numpy as np
import pytest
from made_up_scores import made_up
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from edgebench.core.errors import DataError
from edgebench.tasks import statistics
from edgebench.tasks.multilabel import TASK

STATE = (0.5,) * 5


def logits(scores: statistics.Floats) -> np.ndarray:
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def test_the_metrics_are_scikit_learns() -> None:
    labels, scores = made_up(300, 2)
    outputs = logits(scores)
    decided = statistics.decide(outputs, STATE)
    found = {name: float(value[0]) for name, value in TASK.score(labels, outputs, STATE, None).items()}
    assert found == {
        "macro_f1": pytest.approx(f1_score(labels, decided, average="macro"), abs=1e-12),
        "macro_auc": pytest.approx(roc_auc_score(labels, outputs), abs=1e-12),
        "label_accuracy": pytest.approx((labels == decided).mean(), abs=1e-12),
        "exact_match": pytest.approx(accuracy_score(labels, decided), abs=1e-12),
        "calibration_error": pytest.approx(found["calibration_error"]),
    }
    assert set(found) == {metric.name for metric in TASK.metrics(5, "")}
    by_class = TASK.by_class(labels, outputs, STATE)["f1_by_class"]
    assert by_class == pytest.approx(f1_score(labels, decided, average=None), abs=1e-12)


def test_a_sample_with_each_record_once_is_the_whole() -> None:
    labels, scores = made_up(100, 5)
    whole = TASK.score(labels, logits(scores), STATE, None)
    same = TASK.score(labels, logits(scores), STATE, np.ones((2, 100), np.float32))
    for name, value in whole.items():
        assert same[name] == pytest.approx([value[0]] * 2, abs=1e-12)


def test_the_area_is_left_out_where_a_class_has_one_label() -> None:
    labels, scores = made_up(100, 5)
    labels[:, 2] = 0
    assert "macro_auc" not in TASK.score(labels, logits(scores), STATE, None)


def test_thresholds_are_fitted_and_agreement_counts_decisions() -> None:
    labels, scores = made_up(400, 7)
    outputs = logits(scores)
    state = TASK.fit(labels, outputs)
    better = (
        TASK.score(labels, outputs, state, None)["macro_f1"] >= TASK.score(labels, outputs, STATE, None)["macro_f1"]
    )
    assert better and len(state) == 5
    one, two = np.array([[1.0, -1], [1, 1]], np.float32), np.array([[1.0, 1], [1, 1]], np.float32)
    assert TASK.agree(one, two, (0.5, 0.5), (0.5, 0.5)) == 0.75
    assert TASK.agree(one, two, (0.5, 0.5), (0.5, 0.99)) == 0.75


@pytest.mark.parametrize("targets", [np.zeros(4, np.uint8), np.zeros((4, 3), np.uint8), np.full((4, 5), 2, np.uint8)])
def test_targets_that_do_not_fit_are_refused(targets: np.ndarray) -> None:
    with pytest.raises(DataError):
        TASK.check(targets, 5)
