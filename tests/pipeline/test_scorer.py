"""Runs with a metric of the user's own, on two small ONNX files and the demo records."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import own_tasks
import predicted_by_scikit_learn
import pytest
import small_onnx
from bundle_makers import contents

from edgebench import api
from edgebench.core import user_code
from edgebench.core.cells import Cell, Target
from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError, RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import Measuring
from edgebench.core.target_profiles import Fit
from edgebench.pipeline import harness, packing, remote_stage, run_store
from edgebench.pipeline.plan import MeasurePlan, Plan
from edgebench.pipeline.planned import Built, Planned
from edgebench.pipeline.stages import Stages
from edgebench.remote.bundles.writing import write
from edgebench.tasks import chosen
from edgebench.tasks.scoring import scoring

QUICK = Measuring(processes=1, warmup=1, min_samples=3, min_seconds=0.0, timeout_s=120)


def plan(folder: Path, task: str) -> Plan:
    """One file, on forty of the demo's records."""
    first = small_onnx.save(folder / "one.onnx")
    return Plan(measure=MeasurePlan(targets=("host",), artifacts=(first,), limit=40, task=task, measuring=QUICK))


def test_a_run_is_scored_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    run = harness.run(plan(tmp_path, f"{file}both"), tmp_path / "run")
    (m,) = run.measurements
    assert m.status == "ok" and m.scores and m.scores.primary.metric.name == "missing" and m.scores.of("macro_f1")
    predicted_by_scikit_learn.check(run, m, small_onnx.THRESHOLDS, own=("missing", "distance"))
    for path in api.report([run.folder], ("csv", "md", "html")):
        assert "missing" in path.read_text() or "missed labels" in path.read_text() or path.suffix == ".svg"

    # A resume compares the file, which is trusted again since the stored plan names it.
    monkeypatch.setenv(user_code.TRUSTED, "")
    assert harness.run(plan(tmp_path, f"{file}both"), tmp_path / "run", resume=True).measurements == run.measurements
    Path(file[:-1]).write_text(own_tasks.METRICS + "\n# another\n")
    with pytest.raises(RunError, match="task"):
        harness.run(plan(tmp_path, f"{file}both"), tmp_path / "run", resume=True)


def test_a_metric_that_is_no_number_ends_the_run_before_anything_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    with pytest.raises(DataError, match="returns nan"):
        harness.run(plan(tmp_path, f"{file}no_number"), tmp_path / "run")
    assert not (tmp_path / "run").exists(), "it is tried first"
    monkeypatch.setattr(harness, "require_scores", lambda *_: None)
    with pytest.raises(DataError, match="returns nan"):
        harness.run(plan(tmp_path, f"{file}no_number"), tmp_path / "run")
    assert not list((tmp_path / "run" / "samples").iterdir())


def test_a_device_without_the_file_measures_and_the_file_scores_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    overrides = {"task": f"{file}missing", "limit": 40, "measuring": QUICK}
    contents = packing.collect([small_onnx.save(tmp_path / "one.onnx")], True, overrides, ProgressReporter())
    write(contents, tmp_path / "ship.bundle")
    monkeypatch.setenv(user_code.TRUSTED, "")
    run = api.measure([tmp_path / "ship.bundle"], tmp_path / "there")
    (m,) = run.measurements
    assert m.status == "ok" and m.latency and m.memory and not m.scores and "--task" in m.reason
    again: Run = api.measure([tmp_path / "ship.bundle"], tmp_path / "again", task=f"{file}missing")
    assert again.measurements[0].scores and again.measurements[0].scores.primary.metric.name == "missing"
    assert json.loads((tmp_path / "again" / "plan.json").read_text())["inputs"]["task"]


def test_what_a_device_could_not_score_is_scored_here(
    demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device over SSH returns answers and times; the file of the task stays on this machine."""
    file = own_tasks.write(tmp_path, own_tasks.METRICS, monkeypatch)
    test = chosen.with_task(demo, f"{file}missing")
    ((artifact, path),) = contents(tmp_path / "made", data=False).artifacts
    board = Target("board", "", "", ssh="pi@board")
    cell = Cell("net", "none", "onnx", "board")
    planned = Planned(cell, board, Fit(), Built(Outcome("ok", result=artifact), path))
    store = run_store.create(tmp_path / "run", {}, {}, {})
    there = run_store.output_of(tmp_path / "run" / "devices" / "board", planned.prediction)
    there.parent.mkdir(parents=True)
    logits = np.random.default_rng(0).normal(size=(len(test), 5)).astype(np.float32)
    np.save(there, logits)
    row = Measurement("run", cell, "ok", "the task is not there", dataset=test.label, host="pi@board")
    monkeypatch.setattr(remote_stage, "measured", lambda *_: ({cell.id: row}, ""))
    stages = Stages(Plan(), {}, store, test, None, None, {}, ProgressReporter(), remote_cells=[planned])
    stages.remote()
    found = store.measurements[cell.id]
    assert (found.status, found.reason, found.host) == ("ok", "", "pi@board")
    by_hand = scoring(test).scored(logits, artifact.thresholds).values
    assert found.scores and {one.metric.name: one.value for one in found.scores.metrics} == by_hand
