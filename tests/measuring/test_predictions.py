"""The answers of an artifact on all records, batch by batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from edgebench.core.contracts import Artifact, Job
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ArtifactError, OutOfTime
from edgebench.data.signals import ECG
from edgebench.data.stored import Values
from edgebench.measuring.predictions import predict


class Means:
    """A runtime whose session answers means of a record, as many as `shape` asks for."""

    def __init__(self, *shape: int) -> None:
        self._shape = shape
        self.settings = {"threads": "1"}

    def load(self, *_: object) -> Means:
        return self

    def predict(self, records: NDArray[np.float32]) -> NDArray[np.float32]:
        means = records.mean((1, 2)).reshape(-1, *(1 for _ in self._shape))
        found: NDArray[np.float32] = means + np.arange(np.prod(self._shape), dtype=np.float32).reshape(self._shape)
        return found


def asked(records: RecordSet, output: Path, count: int | None = None) -> Job:
    artifact = Artifact(
        "m", "none", "means", "means", "fp32", "file", "", 1, records.classes, (0.5,) * 5, ECG, None, None, "",
        task=records.task,
    )  # fmt: skip
    return Job("predict", artifact, "file", "cpu", 1, "", records.input, str(output), records=count, batch=4)


def test_every_record_has_its_answer_in_batches_that_need_not_divide(demo: RecordSet, tmp_path: Path) -> None:
    output, seen = tmp_path / "o.npy", list[tuple[int, int]]()
    runtime: Any = Means(len(demo.classes))
    found = predict(asked(demo, output, 10), runtime, lambda done, count: seen.append((done, count)))
    assert (found.records, found.settings) == (10, {"threads": "1"})
    assert seen == [(4, 10), (8, 10), (10, 10)]
    answers = np.load(output)
    assert answers.dtype == np.float32
    np.testing.assert_array_equal(answers, runtime.predict(Values(demo.input)[:10]))


def test_without_time_for_all_records_nothing_is_written(demo: RecordSet, tmp_path: Path) -> None:
    output, seen, runtime = tmp_path / "o.npy", list[tuple[int, int]](), cast("Any", Means(len(demo.classes)))
    with pytest.raises(OutOfTime, match="1 of 10 records"):
        predict(replace(asked(demo, output, 10), max_seconds=0.0), runtime)
    assert not list(tmp_path.iterdir())
    predict(
        replace(asked(demo, output, 10), max_seconds=1e6), runtime, lambda done, count: seen.append((done, count))
    )  # fmt: skip
    assert seen == [(1, 10), (3, 10), (7, 10), (10, 10)], "calls begin small"
    np.testing.assert_array_equal(np.load(output), runtime.predict(Values(demo.input)[:10]))


def test_answers_of_another_shape_are_refused_and_not_written(demo: RecordSet, tmp_path: Path) -> None:
    for shape in ((1,), (len(demo.classes), 1), ()):  # NumPy would broadcast the first
        runtime: Any = Means(*shape)
        with pytest.raises(ArtifactError, match="for 4 records"):
            predict(asked(demo, tmp_path / "o.npy"), runtime)
    assert not list(tmp_path.iterdir())
