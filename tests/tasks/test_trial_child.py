"""Made-up outputs for a metric of the user's: what gives a score, and what is said of what does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import own_tasks
import pytest

from edgebench.tasks.trial_child import handle

METRICS = """
import numpy as np
from edgebench import Metric, OwnMetric

m = Metric("own", "own", "lower")
nan = OwnMetric(m, lambda targets, outputs: np.nan)
by_record = OwnMetric(m, lambda targets, outputs: np.abs(outputs - targets).mean(axis=1))
by_sample = OwnMetric(m, lambda targets, outputs, weights: np.ones(1))
second = OwnMetric(m, lambda targets, outputs: None, primary=False)
raises = OwnMetric(m, lambda targets, outputs: 1 / 0)
log = OwnMetric(m, lambda targets, outputs: np.log(outputs / targets).mean())
far_off = OwnMetric(m, lambda targets, outputs: 1 / int((np.abs(outputs - targets) > 0.4).any()))
"""


def said_of(task: str, folder: Path, targets: object | None, outputs: int) -> list[str]:
    path = folder / "targets.npy"
    if targets is not None:
        np.save(path, np.asarray(targets))
    asked = {"label": "20 test records", "records": 20, "outputs": outputs, "targets": str(path)}
    request = {"task": task, "unit": "", "sets": [asked if targets is not None else asked | {"targets": ""}]}
    return [answer["error"] for answer in handle(request)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nan", ("metric 'own'", "nan")), ("by_record", ("metric 'own'", "(20,)")),
        ("by_sample", ("metric 'own'", "(2,)")), ("second", ("NoneType",)), ("raises", ("ZeroDivisionError",)),
    ],
)  # fmt: skip
def test_one_that_gives_no_score(
    name: str, said: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, METRICS, monkeypatch)
    (text,) = said_of(f"regression+{file}{name}", tmp_path, np.linspace(1, 2, 20)[:, None], 1)
    assert file in text and "20 test records" in text and "\n" not in text
    assert all(word in text for word in said), text


@pytest.mark.parametrize("name", ["log", "far_off"])
def test_one_that_needs_plausible_outputs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up outputs lie where the targets lie; of several kinds one is enough."""
    file = own_tasks.write(tmp_path, METRICS, monkeypatch)
    assert said_of(f"regression+{file}{name}", tmp_path, np.linspace(1, 2, 20)[:, None], 1) == []


def test_tasks_of_labels_of_classes_and_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    assert said_of(f"multilabel+{file}both", tmp_path, rng.integers(0, 2, (20, 5), np.uint8), 5) == []
    code = own_tasks.METRICS + "\nmissed = OwnMetric(Metric('own', 'own'), lambda t, o: (o.argmax(1) != t).mean())"
    file = own_tasks.write(tmp_path, code, monkeypatch)
    assert said_of(f"classification+{file}missed", tmp_path, rng.integers(0, 3, 20), 3) == []
    assert said_of("+comparison", tmp_path, None, 3) == []
