from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, top_k_accuracy_score

from edgebench.core.errors import DataError
from edgebench.tasks.classification import TASK, softmax

RNG = np.random.default_rng(0)
TARGETS = RNG.integers(10, size=500)
OUTPUTS = RNG.normal(size=(500, 10)).astype(np.float32) + 1.5 * np.eye(10, dtype=np.float32)[TARGETS]


def test_the_metrics_are_scikit_learns() -> None:
    found = {name: float(value[0]) for name, value in TASK.score(TARGETS, OUTPUTS, (), None).items()}
    decided = OUTPUTS.argmax(1)
    assert set(found) == {metric.name for metric in TASK.metrics(10, "")}
    assert found["top1"] == pytest.approx(accuracy_score(TARGETS, decided), abs=1e-12)
    assert found["top5"] == pytest.approx(top_k_accuracy_score(TARGETS, OUTPUTS, k=5), abs=1e-12)
    assert found["macro_f1"] == pytest.approx(f1_score(TARGETS, decided, average="macro"), abs=1e-12)
    by_class = TASK.by_class(TARGETS, OUTPUTS, ())["f1_by_class"]
    assert by_class == pytest.approx(f1_score(TARGETS, decided, average=None), abs=1e-12)


def test_metrics_by_hand() -> None:
    targets = np.array([0, 1, 1, 2])
    outputs = np.log(np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], np.float32))
    found = TASK.score(targets, outputs, (), None)
    # Class 0: TP 1, FP 1. Class 1: TP 1, FN 1. Class 2: TP 1. Confidences 0.7, 0.6 (wrong), 0.8, 0.6 in the bins
    # of a fifteenth that start at 10/15, 9/15, 12/15 and 9/15.
    assert found["top1"].tolist() == [0.75] and "top5" not in found
    assert found["macro_f1"] == pytest.approx([(2 / 3 + 2 / 3 + 1) / 3])
    assert found["calibration_error"] == pytest.approx([(0.3 + 0.2 + abs(0.6 + 0.6 - 1)) / 4], abs=1e-6)
    # Twice the first record and twice the second: half are right; classes 0 and 1 have F1 2/3 and 0, class 2 has 0.
    again = TASK.score(targets, outputs, (), np.array([[2, 2, 0, 0]], np.float32))
    assert again["top1"].tolist() == [0.5] and again["macro_f1"] == pytest.approx([2 / 9])


def test_ties_count_for_the_first_class() -> None:
    outputs = np.zeros((1, 7), np.float32)
    assert [TASK.score(np.array([t]), outputs, (), None)["top5"][0] for t in range(7)] == [1, 1, 1, 1, 1, 0, 0]
    assert TASK.score(np.array([0]), outputs, (), None)["top1"][0] == 1


def test_softmax_never_overflows() -> None:
    assert softmax(np.array([[1e4, 0], [-1e4, -1e4]], np.float32)) == pytest.approx(np.array([[1, 0], [0.5, 0.5]]))


def test_agreement_counts_records() -> None:
    others = OUTPUTS.copy()
    others[:50] = -others[:50]
    assert TASK.agree(OUTPUTS, others, (), ()) == 0.9


@pytest.mark.parametrize(
    "targets", [np.array([0, 10]), np.array([-1, 0]), np.array([0.0, 1.0]), np.zeros((2, 10), np.int64)]
)
def test_targets_that_do_not_fit_are_refused(targets: np.ndarray) -> None:
    with pytest.raises(DataError):
        TASK.check(targets, 10)
