"""Trials on real artifacts: a search of few ONNX files on the demo images; no test record is read before its end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebench import searching
from edgebench.cli.app import app
from edgebench.core.contracts import REFERENCE
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import PlanError
from edgebench.core.policy import Policy
from edgebench.core.progress import ProgressReporter
from edgebench.data.demos.dataset import IMAGES
from edgebench.optimization import finish, request
from edgebench.optimization import screens as screening
from edgebench.optimization.screens import NO_TIME, Screens, manifest
from edgebench.optimization.search import search
from edgebench.pipeline import trials
from edgebench.pipeline.trials import SEARCH, Step

MODEL, EXPORTERS = "resnet8-demo-images", ("onnx-int8", "onnx")


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The splits in the order in which they are read."""
    found: list[str] = []
    load = type(IMAGES).load

    def noting(self: object, asked: DataRequest, *rest: object) -> object:
        found.append(asked.split)
        return load(self, asked, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(type(IMAGES), "load", noting)
    return found


def asked(budget_s: float = 60) -> request.Request:
    values = {"exporters": EXPORTERS, "dataset": "demo-images", "calibration_records": 16, "limit": 60}
    return request.of(MODEL, budget_s, None, None, values)


def test_a_step_measures_on_validation_records_and_one_without_time_ends(
    tmp_path: Path, splits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "SCREENED", 40)
    screens = Screens(asked(), tmp_path, ProgressReporter())
    assert screens.records() == 60
    batch = screens.carry_out(Step("survey", ("none",), (REFERENCE,)), 100)
    assert [t.exporter for t in batch.trials] == [REFERENCE]
    for trial in batch.trials:
        m = trial.measurement
        assert (m.status, m.dataset) == ("ok", IMAGES.label)
        assert m.latency and m.memory and m.scores and m.scores.primary.drop is not None
        assert manifest(tmp_path, *trial.key).is_file()
    assert batch.process_s and batch.records == 40 and not batch.reason
    late = screens.carry_out(Step("options", ("none",), ("onnx-int8:entropy",)), 0.1)
    assert late.reason == NO_TIME
    assert not late.trials
    again = Screens(asked(), tmp_path, ProgressReporter()).carry_out(batch.step, 100)
    assert [t.measurement for t in again.trials] == [t.measurement for t in batch.trials], "nothing is measured again"
    confirmed = screens.carry_out(Step("confirm", (), (), candidates=(("none", REFERENCE, 0),)), 100)
    assert [t.key for t in confirmed.trials] == [("none", REFERENCE, 0)]
    assert confirmed.records == 60
    assert "test" not in splits


def test_a_bound_that_nothing_can_miss_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    wrong = replace(asked(), plan=asked().plan.replaced(policy=Policy(max_drop=2)))
    with pytest.raises(PlanError, match="max-drop"):
        search(wrong, tmp_path / "best")
    assert not list(tmp_path.iterdir()), "the same command works again"


@pytest.mark.slow
def test_a_search_ends_as_a_run_whose_best_artifact_can_be_built_again(tmp_path: Path, splits: list[str]) -> None:
    folder = tmp_path / "best"
    measuring = {"processes": 2, "min_samples": 10, "min_seconds": 0.05, "warmup": 2}
    run = searching.optimize(
        MODEL, 600, folder, exporters=("onnx",), dataset="demo-images", limit=60,
        calibration_records=16, measuring=measuring, fine_tune=False,
    )  # fmt: skip
    before = splits[: splits.index("test")]
    assert set(before) == {"validation"}, "the test split is read last"
    names = [m.cell.exporter for m in run.measurements]
    assert REFERENCE in names and len(names) > 1
    assert all(m.status == "ok" for m in run.measurements)
    assert (folder / "report.md").is_file()
    stored, batches = request.stored(folder), trials.read(folder / SEARCH).batches
    assert {REFERENCE, "onnx"} <= {t.exporter for t in trials.all_trials(batches)}
    best = finish.finalists(stored, batches, 1)[0]
    assert best.exporter in names
    command = finish.rebuild(stored, best, str(tmp_path / "again")).split()
    assert CliRunner().invoke(app, command[1:]).exit_code == 0
    (built,) = (tmp_path / "again").rglob("manifest.json")
    sha256 = json.loads(built.read_text())["sha256"]
    assert best.measurement.artifact and best.measurement.artifact.sha256 == sha256
    resumed = searching.optimize(output=folder, resume=True)
    assert resumed.measurements == run.measurements


def test_an_artifact_is_found_whatever_the_network_is_called(tmp_path: Path) -> None:
    """A network of the user's is named by its function, and its model's folder by the name of the model alone."""
    path = tmp_path / "trials" / "artifacts" / "net" / "none" / "onnx" / "manifest.json"
    assert not manifest(tmp_path, "none", "onnx").exists()
    path.parent.mkdir(parents=True)
    path.touch()
    assert manifest(tmp_path, "none", "onnx") == path
