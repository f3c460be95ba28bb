"""Every task's metrics on made-up answers to the demos' records, computed again by scikit-learn.

Runs of small networks on the same records are compared in the same way in tests/pipeline.
"""

from __future__ import annotations

import numpy as np
import predicted_by_scikit_learn as by_scikit_learn
import pytest

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.tasks.scoring import scoring

ROUNDED = 0.25
"""Answers in such steps are equal now and then."""


@pytest.mark.parametrize(
    ("dataset", "again"),
    [
        ("demo", by_scikit_learn.multilabel),
        ("demo-digits", by_scikit_learn.classification),
        ("demo-images", by_scikit_learn.classification),
        ("demo-echo", by_scikit_learn.regression),
    ],
)
def test_to_the_last_digit(dataset: str, again: object) -> None:
    records = registry.dataset(dataset).load(DataRequest("test", limit=80 if dataset != "demo-echo" else 6))
    rng = np.random.default_rng(0)
    rows = registry.task(records.task).rows(records.labels, len(records.classes))
    answers = (rows + rng.normal(0, 1 + rows.std(), rows.shape)).astype(np.float32)
    if records.task == "multilabel":
        answers = (np.round(answers / ROUNDED) * ROUNDED).astype(np.float32)
    thresholds = (0.3, 0.5, 0.7, 0.4, 0.6) if records.task == "multilabel" else ()
    found = scoring(records).values(answers, thresholds)
    expected = again(records.labels, answers.astype(np.float64), thresholds)  # type: ignore[operator]
    expected.pop(by_scikit_learn.F1, None)  # runs have it, see there
    assert found.keys() == {name for name, value in expected.items() if value is not None}
    for name, value in expected.items():
        assert (name in found) == (value is not None)
        assert value is None or found[name] == pytest.approx(value, rel=1e-12, abs=1e-12), name
