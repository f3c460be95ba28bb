"""A metric of the user's is tried in a child process, before anything is built, trained or written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import own_tasks
import pytest
import small_onnx
from helpers import edgebench_here

from edgebench.core import user_code
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError
from edgebench.tasks import trial
from edgebench.tasks.chosen import with_task
from edgebench.tasks.trial import require_scores

METRICS = """
import os
import time

from edgebench import Metric, OwnMetric

m = Metric("own", "own", "lower")
nan = OwnMetric(m, lambda targets, outputs: float("nan"))
hangs = OwnMetric(m, lambda targets, outputs: time.sleep(600))
ends = OwnMetric(m, lambda targets, outputs: os._exit(3))
"""


@pytest.mark.parametrize(("name", "said"), [("hangs", "5 s"), ("ends", "3")])
def test_one_that_gives_no_answer_is_refused(
    name: str, said: str, demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TIMEOUT_S", 5.0)
    file = own_tasks.write(tmp_path, METRICS, monkeypatch)
    with pytest.raises(DataError) as refused:
        require_scores(with_task(demo, f"{file}{name}"))
    text = str(refused.value)
    assert file in text and said in text and "\n" not in text


def test_what_gives_a_score_is_taken_and_what_is_not_there_is_not_tried(
    demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    require_scores(with_task(demo, f"{file}both"))
    monkeypatch.setattr(trial, "ask", None)
    require_scores(demo)
    monkeypatch.setenv(user_code.TRUSTED, "")
    require_scores(replace(demo, task=f"multilabel+{file}no_number"))  # a device without the file measures nevertheless


def test_the_command_line_refuses_it_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
