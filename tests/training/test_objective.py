"""Losses equal those computed by hand, and targets contain the teacher's probabilities."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edgebench.core import registry
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.recipe import Recipe
from edgebench.models import store
from edgebench.tasks.classification import TASK as CLASSIFICATION
from edgebench.tasks.multilabel import TASK
from edgebench.tasks.regression import TASK as REGRESSION
from edgebench.training import objective
from edgebench.training.evaluation import predict
from edgebench.training.objective import class_weights, loss, targets_of

RECIPE = Recipe(epochs=1, batch_size=2, learning_rate=0.1)
TAUGHT = replace(RECIPE, teacher="resnet1d", alpha=0.25, temperature=2.0)
CPU = torch.device("cpu")
LOG3 = 1.0986123
OWN = torch.tensor([[0.0, LOG3]])
"""Probabilities 0.5 and 0.75."""
OTHER = torch.tensor([[-LOG3, 0.0]])
"""Probabilities 0.25 and 0.5."""
LABELS = torch.tensor([[1.0, 0.0]])
HARD = (0.6931472 + 1.3862944) / 2
"""-ln 0.5 and -ln 0.25."""


def is_about(value: float) -> object:
    return pytest.approx(value, abs=1e-6)


def test_labels_alone() -> None:
    assert loss(TASK, OWN, LABELS, RECIPE, None).item() == is_about(HARD) == is_about(1.0397208)


def test_positive_records_have_a_larger_weight() -> None:
    """The first class is positive here and weighs 3; the second is negative, so its weight of 5 is not used."""
    weights = torch.tensor([3.0, 5.0])
    assert loss(TASK, OWN, LABELS, RECIPE, weights).item() == is_about((3 * 0.6931472 + 1.3862944) / 2)
    # Both positive: 3 * -ln 0.5 and 5 * -ln 0.75.
    assert loss(TASK, OWN, torch.ones(1, 2), RECIPE, weights).item() == is_about((3 * 0.6931472 + 5 * 0.2876821) / 2)


def test_two_heads_without_a_teacher_both_learn_the_labels() -> None:
    """-ln 0.25 and -ln 0.5 of the second head."""
    second = (1.3862944 + 0.6931472) / 2
    assert loss(TASK, (OWN, 3 * OTHER), LABELS, RECIPE, None).item() != is_about((HARD + second) / 2)
    assert loss(TASK, (OWN, OTHER), LABELS, RECIPE, None).item() == is_about((HARD + second) / 2)


def test_class_weights_apply_to_both_heads() -> None:
    weights = torch.tensor([3.0, 1.0])
    first, second = (3 * 0.6931472 + 1.3862944) / 2, (3 * 1.3862944 + 0.6931472) / 2
    assert loss(TASK, (OWN, OTHER), LABELS, RECIPE, weights).item() == is_about((first + second) / 2)


def with_teacher(*soft: float) -> Tensor:
    return torch.cat([LABELS, torch.tensor([soft])], 1)


def test_one_head_learns_from_labels_and_teacher() -> None:
    """At T = 2 the logits 0 and 2 ln 3 have the probabilities 0.5 and 0.75, and the teacher says 0.5 and 0.75 too.

    Soft: their entropies, 0.6931472 and 0.5623351. Hard: -ln 0.5 and -ln 0.1.
    """
    soft, hard = (0.6931472 + 0.5623351) / 2, (0.6931472 + 2.3025851) / 2
    found = loss(TASK, 2 * OWN, with_teacher(0.5, 0.75), TAUGHT, None).item()
    assert found == is_about(0.25 * hard + 0.75 * 4 * soft)


def test_the_soft_part_is_least_where_student_and_teacher_agree() -> None:
    only = replace(TAUGHT, alpha=0.0)
    targets = with_teacher(0.5, 0.75)
    best = loss(TASK, 2 * OWN, targets, only, None)
    assert all(loss(TASK, 2 * OWN + shift, targets, only, None) > best for shift in (-0.5, -0.1, 0.1, 0.5))


def test_of_two_heads_one_learns_the_labels_and_one_the_teacher() -> None:
    """The second head at T = 2: 2 OTHER / 2 has the probabilities 0.25 and 0.5; the teacher says 1 and 0."""
    soft = (1.3862944 + 0.6931472) / 2
    found = loss(TASK, (OWN, 2 * OTHER), with_teacher(1.0, 0.0), TAUGHT, None).item()
    assert found == is_about(0.25 * HARD + 0.75 * 4 * soft)


def test_class_weights_are_the_labels_only() -> None:
    weights = torch.tensor([3.0, 5.0])
    hard, soft = (3 * 0.6931472 + 1.3862944) / 2, (1.3862944 + 0.6931472) / 2
    found = loss(TASK, (OWN, 2 * OTHER), with_teacher(1.0, 0.0), TAUGHT, weights).item()
    assert found == is_about(0.25 * hard + 0.75 * 4 * soft)


def test_the_loss_of_half_precision_logits_is_float32() -> None:
    assert loss(TASK, OWN.bfloat16(), LABELS, RECIPE, None).dtype == torch.float32


@pytest.fixture(scope="module")
def records() -> RecordSet:
    return registry.dataset("demo").load(DataRequest("test", limit=16))


def test_weights_are_negatives_for_each_positive(records: RecordSet) -> None:
    assert class_weights(records, RECIPE) is None
    labels = np.zeros((16, 5), np.uint8)
    labels[:4, 0] = 1
    labels[:12, 1] = 1
    labels[:, 2] = 1
    labels[0, 3] = 1
    found = class_weights(replace(records, targets=labels), replace(RECIPE, class_weights=True))
    assert found is not None
    # The last class has no positive record; its weight is finite and never used.
    assert found.tolist() == pytest.approx([3.0, 4 / 12, 0.0, 15.0, 15.0])


def test_of_several_teachers_the_mean_is_learned(records: RecordSet) -> None:
    first, second = (targets_of(records, replace(TAUGHT, teacher=t), CPU) for t in ("resnet1d", "mobilenetv3-small"))
    both = targets_of(records, replace(TAUGHT, teacher="resnet1d, mobilenetv3-small"), CPU)
    np.testing.assert_allclose(both, (first + second) / 2, atol=1e-6)
    assert np.abs(first - second)[:, 5:].max() > 0.01 and (both[:, :5] == records.labels).all()


def test_targets_without_a_teacher_are_the_labels(records: RecordSet) -> None:
    found = targets_of(records, RECIPE, CPU)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, records.labels)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_targets_contain_the_teachers_probabilities(records: RecordSet, temperature: float) -> None:
    seen: list[tuple[int, int]] = []
    recipe = replace(TAUGHT, temperature=temperature)
    found = targets_of(records, recipe, CPU, lambda done, total: seen.append((done, total)))
    assert found.shape == (16, 10) and found.dtype == np.float32
    np.testing.assert_array_equal(found[:, :5], records.labels)
    logits = predict(store.network(store.find("resnet1d")), records)
    expected = torch.sigmoid(torch.from_numpy(logits) / temperature).numpy()
    np.testing.assert_allclose(found[:, 5:], expected, rtol=0, atol=1e-6)
    assert seen == [(16, 16)]


def test_a_teacher_of_other_classes_is_refused(records: RecordSet) -> None:
    other = replace(records, classes=("A", "B", "C", "D", "E"))
    with pytest.raises(ModelError) as caught:
        targets_of(other, TAUGHT, CPU)
    assert all(name in str(caught.value) for name in ("resnet1d", "NORM, MI, STTC, CD, HYP", "A, B, C, D, E"))


def test_an_unknown_teacher_is_refused(records: RecordSet) -> None:
    with pytest.raises(ModelError, match="socrates"):
        targets_of(records, replace(TAUGHT, teacher="socrates"), CPU)


def test_a_teachers_logits_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the next training on the same records, and for no others."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    few = registry.dataset("demo").load(DataRequest("test", limit=8))
    first = targets_of(few, TAUGHT, CPU)
    monkeypatch.setattr(objective, "predict", lambda *_: pytest.fail("predicted again"))
    np.testing.assert_array_equal(targets_of(few, TAUGHT, CPU), first)
    monkeypatch.setattr(objective, "predict", lambda *_: np.zeros((9, 5), np.float32))
    more = registry.dataset("demo").load(DataRequest("test", limit=9))
    assert (targets_of(more, TAUGHT, CPU)[:, 5:] == 0.5).all()


def test_classes_by_hand() -> None:
    """Logits 0 and ln 3 have the probabilities 0.25 and 0.75. At T = 2 those of 0 and 2 ln 3 are the same."""
    targets = torch.tensor([[1.0, 0.0]])
    assert loss(CLASSIFICATION, OWN, targets, RECIPE, None).item() == is_about(1.3862944)
    weights = torch.from_numpy(CLASSIFICATION.class_weights(np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)))
    assert weights.tolist() == pytest.approx([4 / 2 / 3, 4 / 2 / 1])
    soft = CLASSIFICATION.soften(np.array([[0.0, 2 * LOG3]], np.float32), 2.0)
    assert soft == pytest.approx(np.array([[0.25, 0.75]]), abs=1e-6)
    found = loss(CLASSIFICATION, 2 * OWN, torch.cat([targets, torch.from_numpy(soft)], 1), TAUGHT, None).item()
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert found == is_about(0.25 * -math.log(1 / 10) + 0.75 * 4 * entropy)


def test_quantities_by_hand() -> None:
    """Half the distance to the targets, and the distance to the teacher, whatever the temperature is."""
    targets, teacher = torch.tensor([[1.0, 2.0]]), np.array([[2.0, 2.0]], np.float32)
    rows = torch.cat([targets, torch.from_numpy(REGRESSION.soften(teacher, 2.0))], 1)
    found = loss(REGRESSION, torch.tensor([[3.0, 2.0]]), rows, TAUGHT, None).item()
    assert found == is_about(0.25 * (4 / 2) + 0.75 * (1 / 2))
    assert REGRESSION.class_weights(teacher) is None
