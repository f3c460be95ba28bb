"""The user's metric is tried on made-up outputs, before anything is built, trained or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import own_tasks
import pytest
import small_onnx
from helpers import edgebench_here

from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError
from edgebench.tasks import trial
from edgebench.tasks.chosen import with_task
from edgebench.tasks.trial import require_scores

METRICS = """
import os
import time

import numpy as np
from edgebench import Metric, OwnMetric

m = Metric("own", "own", "lower")
nan = OwnMetric(m, lambda targets, outputs: np.nan)
by_record = OwnMetric(m, lambda targets, outputs: np.abs(outputs - targets).mean(axis=1))
by_sample = OwnMetric(m, lambda targets, outputs, weights: np.ones(1))
second = OwnMetric(m, lambda targets, outputs: None, primary=False)
raises = OwnMetric(m, lambda targets, outputs: 1 / 0)
hangs = OwnMetric(m, lambda targets, outputs: time.sleep(600))
ends = OwnMetric(m, lambda targets, outputs: os._exit(3))
log = OwnMetric(m, lambda targets, outputs: np.log(outputs / targets).mean())
far_off = OwnMetric(m, lambda targets, outputs: 1 / int((np.abs(outputs - targets) > 0.4).any()))
"""


def positive(demo: RecordSet) -> RecordSet:
    """The demo's records with quantities from 1 to 2 as targets."""
    return replace(demo, targets=np.linspace(1, 2, len(demo))[:, None], classes=("y",), task="regression")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nan", ("metric 'own'", "nan")), ("by_record", ("metric 'own'", "shape")),
        ("by_sample", ("metric 'own'", "(1,)")), ("second", ("NoneType",)), ("raises", ("ZeroDivisionError",)),
        ("hangs", ("5 s",)), ("ends", ("3",)),
    ],
)  # fmt: skip
def test_one_that_gives_no_score_is_refused(
    name: str, said: Sequence[str], demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "hangs":
        monkeypatch.setattr(trial, "TIMEOUT_S", 5.0)
    file = own_tasks.write(tmp_path, METRICS, monkeypatch)
    with pytest.raises(DataError) as refused:
        require_scores(with_task(positive(demo), f"{file}{name}"))
    text = str(refused.value)
    assert file in text and "made-up" in text and "\n" not in text
    assert all(word in text for word in said), text


@pytest.mark.parametrize("name", ["log", "far_off"])
def test_one_that_needs_plausible_outputs_is_taken(
    name: str, demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made-up outputs lie where the targets lie; of several kinds one is enough."""
    file = own_tasks.write(tmp_path, METRICS, monkeypatch)
    require_scores(with_task(positive(demo), f"{file}{name}"))


def test_tasks_of_labels_and_of_none(demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    require_scores(with_task(demo, f"{file}both"))
    require_scores(demo)
    monkeypatch.setenv("EDGEBENCH_TRUSTED_CODE", "")
    require_scores(replace(demo, task=f"multilabel+{file}no_number"))  # a device without the file measures nevertheless


def test_the_command_line_refuses_it_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, METRICS, monkeypatch)
    net = small_onnx.save(tmp_path / "one.onnx")
    rows = np.linspace(1, 2, 60).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=rows[:, None], y=rows)
    (tmp_path / "net.py").write_text("from torch import nn\n\n\ndef net():\n    return nn.Linear(1, 1)\n")
    for words in (
        ("run", "--artifact", net, "--limit", "40"),
        ("train", "net.py:net", "--dataset", "arrays", "--data-dir", "rows.npz"),
    ):
        done = edgebench_here(*words, "--task", f"{file}nan", "-o", tmp_path / "out", cwd=tmp_path)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
        assert done.returncode == 2 and len(errors) == 1 and "metric 'own'" in errors[0], done.stderr
        assert not (tmp_path / "out").exists()
