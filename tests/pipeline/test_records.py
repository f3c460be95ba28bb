"""The records of a plan, by split, and what is noticed where they change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import DataError
from edgebench.core.progress import ProgressReporter
from edgebench.data.signals import stored
from edgebench.pipeline import records
from edgebench.pipeline.plan import Plan
from edgebench.tasks.chosen import with_task


def plan(**fields: Any) -> Plan:
    return Plan.of(fields)


class Recorded(ProgressReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_each_split_is_asked_for_as_the_plan_says() -> None:
    made = plan(
        dataset="ptbxl", data_dir=Path("x"), limit=7, calibration_records=9, keep_unlabelled=True, skip_bad_records=True
    )
    assert records.request(made, "test") == DataRequest("test", Path("x"), 7, True, True)
    assert records.request(made, "calibration") == DataRequest("calibration", Path("x"), 9, False, True)
    assert records.request(made, "validation") == DataRequest("validation", Path("x"), None, False, True)
    assert records.request(plan(), "test").limit is None
    for split in ("test", "calibration", "validation"):
        assert records.request(plan(min_likelihood=50), split).options == {"min_likelihood": "50.0"}
        assert records.request(plan(), split).options == {}


def test_records_are_loaded_and_counted(demo: RecordSet) -> None:
    found = records.load(plan(limit=5), "test", Recorded())
    assert found.ids.tolist() == demo.ids[:5].tolist() and found.split == "test"


def test_bad_records_that_are_left_out_are_told(ptbxl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    (ptbxl / "records100/00000/00006_lr.dat").unlink()
    made, told = plan(dataset="ptbxl", data_dir=ptbxl), Recorded()
    with pytest.raises(DataError, match="00006_lr"):
        records.load(made, "test", told)
    found = records.load(made.replaced(skip_bad_records=True), "test", told)
    (note,) = told.notes
    assert 6 not in found.ids and "1 bad records" in note and "test" in note and "00006_lr" in note


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"exporters": ("onnx-int8",), "calibration_records": 4}, 4),
        ({"exporters": ("eager", "fbgemm-int8:minmax"), "calibration_records": 4}, 4),
        ({"exporters": ("eager", "onnx", "onnx-int8-dynamic")}, None),
        ({"exporters": ("onnx-int8",), "artifacts": (Path("x"),)}, None),
    ],
)
def test_only_exporters_that_calibrate_need_records(fields: dict[str, Any], count: int | None) -> None:
    found = records.load_calibration(plan(**fields), Recorded())
    assert (found and len(found)) == count


def test_only_a_plan_that_tunes_needs_validation_records() -> None:
    assert records.load_validation(plan(), Recorded()) is None
    found = records.load_validation(plan(tune_thresholds=True), Recorded())
    assert found is not None and found.split == "validation"


def test_what_changes_a_score_changes_the_identity(demo: RecordSet, tmp_path: Path) -> None:
    own = replace(demo, inputs=stored(tmp_path / "signals.npy"))
    signals = np.load(demo.input.path)
    np.save(own.input.path, signals)
    assert records.identity(own) == records.identity(demo), "wherever they are stored"
    hashes = {records.identity(replace(own, targets=1 - own.labels)), records.identity(replace(own, ids=own.ids + 1))}
    signals[0, 0, 0] += 1
    np.save(own.input.path, signals)
    hashes |= {records.identity(own), records.identity(demo)}
    assert len(hashes) == 4


def test_records_without_labels_have_no_other_task_than_their_own(demo: RecordSet) -> None:
    unlabelled = with_task(replace(demo, targets=None), "")
    assert records.wanted(unlabelled).task == "multilabel" == records.wanted(demo).task
    assert records.wanted(with_task(replace(demo, targets=None, task="", classes=()), "")).task == ""
