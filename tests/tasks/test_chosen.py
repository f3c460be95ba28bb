"""The task that the user chose instead of the records' own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import own_tasks
import pytest
from bundle_makers import contents

from edgebench.core import registry
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError, UnknownPlugin
from edgebench.tasks import chosen

FITTING = (
    own_tasks.TASK + "\nclass Fitting(Within):\n    def fit(self, targets, outputs): return (1.0,)\nfits = Fitting()\n"
)


@pytest.fixture
def numbers(demo: RecordSet) -> RecordSet:
    """Records with a quantity each."""
    return replace(demo, targets=np.arange(len(demo), dtype=float)[:, None], classes=("EF",), task="regression")


def test_records_take_another_task_where_their_labels_fit_it(
    numbers: RecordSet, demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, own_tasks.TASK, monkeypatch)
    found = chosen.with_task(numbers, f"{file}task")
    assert found.task == f"regression+{file}task" and registry.task(found.task).metrics(1, "")[0].name == "within5"
    assert chosen.with_task(demo, "") is demo and chosen.with_task(demo, "multilabel") is demo
    assert chosen.with_task(found, "regression").task == "regression+regression"
    with pytest.raises(DataError, match="--task classification"):
        chosen.with_task(demo, "classification")
    with pytest.raises(UnknownPlugin):
        chosen.with_task(demo, "no-such-task")
    with pytest.raises(DataError, match=r"no-such\.py:task"):
        chosen.with_task(demo, f"{tmp_path}/no-such.py:task")


def test_a_manifest_names_the_task_that_shaped_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS + own_tasks.TASK, monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert chosen.recorded("multilabel") == "multilabel"
    assert chosen.recorded(f"multilabel+{file}missing") == "multilabel", "a metric changes nothing in it"
    assert chosen.recorded("regression+mine.py:task") == f"regression+{tmp_path / 'mine.py'}:task"
    assert chosen.identity(f"{file}task") and not chosen.identity("multilabel")


def test_which_artifacts_a_task_takes(
    numbers: RecordSet, demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS + FITTING, monkeypatch)
    ((made, _),) = contents(tmp_path / "made", data=False).artifacts
    regressor = replace(made, task="regression", thresholds=())
    assert chosen.mismatch(made, demo) == "" == chosen.mismatch(made, replace(demo, task=f"multilabel+{file}missing"))
    assert "regression" in chosen.mismatch(made, numbers)
    assert "regression" in chosen.mismatch(made, replace(numbers, task=f"regression+{file}missing"))
    own = replace(numbers, task=f"regression+{file}task")
    assert chosen.mismatch(regressor, own) == ""
    fitting = replace(numbers, task=f"regression+{file}fits")
    assert "train" in chosen.mismatch(regressor, fitting), "it has nothing that this fit chose"
    trained = replace(regressor, task=chosen.recorded(fitting.task))
    assert chosen.mismatch(trained, fitting) == "" and "--task" in chosen.mismatch(trained, numbers)
    monkeypatch.setenv("EDGEBENCH_TRUSTED_CODE", "")
    assert chosen.mismatch(trained, fitting) == "" == chosen.mismatch(regressor, own), "a device measures all the same"
