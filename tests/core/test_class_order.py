"""Labels, answers and thresholds of the same classes meet in one order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_onnx
from small_onnx import CARD, CLASSES

from edgebench.artifacts import import_file
from edgebench.core.class_order import answers_for, labelled_for, mismatch, scored_as
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ModelError
from edgebench.measuring.accuracy import Reference, score
from edgebench.tasks.scoring import scoring

SORTED = tuple(sorted(CLASSES))


def test_labels_follow_the_networks_classes(demo: RecordSet) -> None:
    there = labelled_for(demo, SORTED)
    assert there.classes == SORTED
    for name in CLASSES:
        np.testing.assert_array_equal(
            there.labels[:, SORTED.index(name)], demo.labels[:, demo.classes.index(name)], name
        )
    np.testing.assert_array_equal(labelled_for(there, demo.classes).labels, demo.labels)
    assert labelled_for(demo, demo.classes) is demo
    with pytest.raises(ModelError, match=r"NORM, MI; .* NORM, MI, STTC, CD, HYP"):
        labelled_for(demo, ("NORM", "MI"))


def test_numbers_of_classes_follow_them() -> None:
    few = RecordSet("x", "x", "test", (), np.array([2, 0, 1, 2]), np.arange(4), ("a", "b", "c"), "classification")
    there = labelled_for(few, ("c", "a", "b"))
    assert [there.classes[n] for n in there.labels] == ["c", "a", "b", "c"] and there.labels.dtype == few.labels.dtype
    assert labelled_for(replace(few, targets=None), ("c", "a", "b")).targets is None


def test_scores_do_not_depend_on_the_order(demo: RecordSet, tmp_path: Path) -> None:
    artifact = import_file.describe(small_onnx.save(tmp_path / "a.onnx", CARD), False)
    logits = np.random.default_rng(0).normal(0, 1, demo.labels.shape).astype(np.float32)
    reference = Reference(scoring(demo), logits + np.float32(0.1), artifact.thresholds)
    order = [CLASSES.index(name) for name in SORTED]
    other = replace(artifact, classes=SORTED, thresholds=tuple(artifact.thresholds[place] for place in order))
    assert scored_as(other, demo.classes) == artifact
    found = answers_for(logits[:, order], SORTED, demo.classes)
    np.testing.assert_array_equal(found, logits)
    on = scoring(demo)
    assert score(on, found, reference, scored_as(other, demo.classes)) == score(on, logits, reference, artifact)


def test_other_classes_stay_and_are_told(demo: RecordSet) -> None:
    logits = np.zeros((2, 3))
    assert answers_for(logits, ("a", "b", "c"), CLASSES) is logits
    assert mismatch(SORTED, CLASSES, "demo") == "" == mismatch([n.lower() for n in CLASSES], CLASSES, "demo")
    assert mismatch(("a",), CLASSES, "demo") == "decides a; demo has NORM, MI, STTC, CD, HYP"
