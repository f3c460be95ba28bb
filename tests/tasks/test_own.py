"""A user's own metrics and tasks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import own_tasks
import pytest

from edgebench.core import registry, user_code
from edgebench.core.errors import DataError
from edgebench.tasks import own
from edgebench.tasks.scoring import Scoring

RNG = np.random.default_rng(0)
TARGETS = RNG.normal(50, 10, (120, 1))
OUTPUTS = (TARGETS + RNG.normal(0, 5, TARGETS.shape)).astype(np.float32)
LABELS = (RNG.random((150, 3)) < 0.4).astype(np.uint8)
LOGITS = (RNG.normal(size=(150, 3)) + LABELS).astype(np.float32)
Load = Callable[[str, str], Scoring]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    def made(code: str, name: str) -> Scoring:
        spec = own_tasks.write(tmp_path, code, monkeypatch) + name
        if name in ("task", "regressed"):
            return Scoring(registry.task(f"regression+{spec}"), TARGETS, 1, "%")
        return Scoring(registry.task(f"multilabel+{spec}"), LABELS, 3)

    return made


def test_a_metric_is_added_to_the_records_own(load: Load) -> None:
    scoring, state = load(own_tasks.METRICS, "both"), (0.5, 0.4, 0.6)
    names = [metric.name for metric in scoring.metrics]
    assert names[0] == "missing" and names[-1] == "distance" and "macro_f1" in names
    found = {
        one.metric.name: one
        for one in scoring.compared(scoring.scored(LOGITS, state), scoring.scored(LOGITS + 1, state))
    }
    decided = 1 / (1 + np.exp(-LOGITS.astype(float))) >= state
    assert found["missing"].value == pytest.approx((LABELS & ~decided).sum() / LABELS.sum(), abs=1e-12)
    assert found["distance"].value == pytest.approx(np.abs(LABELS - LOGITS).mean(), abs=1e-6)
    for one in found.values():
        assert one.low is not None and one.high is not None and one.low <= one.value <= one.high
        assert one.delta is not None and one.delta_low is not None and one.delta_high is not None
    plain, weighted = (len(scoring.scored(LOGITS, state).samples[name]) for name in ("missing", "distance"))
    assert (plain, weighted) == (400, 2000)


def test_the_samples_of_a_plain_function_are_those_of_the_weights(load: Load) -> None:
    """The mean absolute error as a plain function has the interval that the task's own has on the same samples."""
    code = (
        "import numpy as np\nfrom edgebench import Metric, OwnMetric\n"
        "regressed = OwnMetric(Metric('mine', 'mine', 'lower'), lambda t, o: np.abs(t - o.astype(float)).mean())\n"
    )
    samples = load(code, "regressed").scored(OUTPUTS, ()).samples
    part = np.concatenate([samples["mae"][start : start + own.PART] for start in range(0, 2000, 250)])
    np.testing.assert_allclose(samples["mine"], part, rtol=1e-9)


def test_a_task_needs_metrics_and_a_score(load: Load) -> None:
    scoring = load(own_tasks.TASK, "task")
    assert [metric.name for metric in scoring.metrics] == ["within5"]
    (one,) = scoring.compared(scoring.scored(OUTPUTS, ()))
    assert one.value == pytest.approx((np.abs(TARGETS - OUTPUTS) <= 5).mean()) and one.low and one.low < one.value
    task = scoring.task
    assert task.activation == "none" and task.rows(TARGETS, 1).shape == (120, 1), "the rest is the records' own task's"
    assert task.agree(OUTPUTS, OUTPUTS, (), ()) == 1
    with pytest.raises(DataError, match="2 outputs"):
        task.check(TARGETS, 2)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("np.nan", "returns nan"),
        ("np.inf", "returns inf"),
        ("np.zeros(3)", r"shape \(3,\)"),
        ("'0.5'", "returns a str"),
        ("None", "returns a NoneType"),
        ("True", "returns a bool"),
        ("1 / 0", "ZeroDivisionError"),
        ("outputs.fill(0)", "read-only"),
        ("exit(3)", "SystemExit"),
    ],
)
def test_what_a_function_does_wrong_is_one_line(body: str, words: str, load: Load) -> None:
    code = (
        "import numpy as np\nfrom edgebench import Metric, OwnMetric\n"
        f"metric = OwnMetric(Metric('cost', 'cost'), lambda targets, outputs: {body})\n"
    )
    with pytest.raises(DataError, match=words) as raised:
        load(code, "metric").scored(LOGITS, (0.5,) * 3)
    assert "cost" in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("body", ["weights.sum(axis=0)", "1.0", "np.zeros((len(weights), 1))"])
def test_a_function_of_weights_returns_a_number_for_each_sample(body: str, load: Load) -> None:
    code = (
        "import numpy as np\nfrom edgebench import Metric, OwnMetric\n"
        f"metric = OwnMetric(Metric('cost', 'cost'), lambda targets, outputs, weights: {body})\n"
    )
    with pytest.raises(DataError, match="cost"):
        load(code, "metric").scored(LOGITS, (0.5,) * 3)


def test_a_sample_on_which_the_function_fails_is_left_out(load: Load) -> None:
    code = (
        "import numpy as np\nfrom edgebench import Metric, OwnMetric\n"
        "def only_whole(targets, outputs):\n"
        "    assert len(np.unique(outputs, axis=0)) == 150\n    return 0.5\n"
        "metric = OwnMetric(Metric('cost', 'cost'), only_whole)\n"
    )
    scoring = load(code, "metric")
    one = scoring.compared(scoring.scored(LOGITS, (0.5,) * 3))[0]
    assert (one.value, one.low, one.high) == (0.5, None, None)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("metric = 3", "is a int"),
        ("other = 3", "has no 'metric'"),
        ("class metric:\n    metrics = []\n    def score(self): pass", "is a type"),
        ("from edgebench import *\nfrom edgebench import OwnMetric, Metric\n"
         "metric = OwnMetric(Metric('macro_f1', 'mine'), len)", "macro_f1"),
        ("from edgebench import OwnMetric, Metric\nmetric = OwnMetric(Metric('records', 'mine'), len)", "records"),
        ("from edgebench import OwnMetric, Metric\nmetric = OwnMetric(Metric('a b', 'mine'), len)", "name"),
    ],
)  # fmt: skip
def test_what_is_no_metric_or_task_is_refused(code: str, words: str, load: Load) -> None:
    with pytest.raises(DataError, match=words):
        _ = load(code, "metric").metrics


def test_a_score_has_the_metrics_that_it_names(load: Load) -> None:
    for wrong in ("'within': 1.0", "", "'within5': 1.0, 'more': 2.0"):
        code = own_tasks.TASK.replace('"within5": (np.abs(targets - outputs) <= 5).mean()', wrong)
        with pytest.raises(DataError, match=r"none of its metrics|has no value"):
            load(code, "task").scored(OUTPUTS, ())


def test_only_a_named_file_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = own_tasks.write(tmp_path, own_tasks.TASK, monkeypatch) + "task"
    monkeypatch.setenv(user_code.TRUSTED, "")
    with pytest.raises(DataError, match=user_code.TRUSTED):
        registry.task(f"regression+{spec}")
