"""Runs without labels: the outputs are compared with a reference's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import small_onnx
from onnx import numpy_helper

from edgebench import api
from edgebench.choosing import recommendation
from edgebench.choosing.limits import Limits
from edgebench.core import registry
from edgebench.core.contracts import Progress
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import DataError, RunError
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import Measuring
from edgebench.pipeline import harness, packing
from edgebench.pipeline.plan import MeasurePlan, Plan
from edgebench.remote.bundles.writing import write

LOGITS = np.log(np.array(small_onnx.THRESHOLDS) / (1 - np.array(small_onnx.THRESHOLDS)))
"""The logits of the card's thresholds."""
QUICK = Measuring(processes=1, warmup=1, min_samples=3, min_seconds=0.0, timeout_s=120)


class Heard(ProgressReporter):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def unlabelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's records, as a dataset without labels and classes has them."""
    dataset = registry.dataset("demo")
    load = dataset.load

    def without_labels(request: DataRequest, progress: Progress | None = None) -> RecordSet:
        return replace(load(request, progress), targets=None, classes=(), task="")

    monkeypatch.setattr(dataset, "load", without_labels)


def files(folder: Path) -> tuple[Path, Path]:
    """Two files, the second with weights that differ a little."""
    first, second = (small_onnx.save(folder / f"{name}.onnx") for name in ("one", "two"))
    model = onnx.load(second)
    (weights,) = [one for one in model.graph.initializer if one.name == "weights"]
    values = numpy_helper.to_array(weights)
    noisy = values + np.random.default_rng(1).normal(0, 0.05, values.shape).astype(np.float32)
    weights.CopyFrom(numpy_helper.from_array(noisy, "weights"))
    onnx.save(model, second)
    return first, second


def plan(folder: Path, **fields: Any) -> Plan:
    return Plan(measure=MeasurePlan(targets=("host",), artifacts=files(folder), limit=20, measuring=QUICK, **fields))


@pytest.mark.usefixtures("unlabelled")
def test_the_first_artifact_is_the_reference(tmp_path: Path) -> None:
    heard = Heard()
    run = harness.run(plan(tmp_path), tmp_path / "run", listener=heard)
    assert [(m.status, m.reason) for m in run.measurements] == [("ok", "")] * 2
    assert any("one" in note and "exact by definition" in note for note in heard.notes)
    first, second = (
        np.load(run.folder / "predictions" / f"{name}~none~as-is~cpu.npy").astype(float) for name in ("one", "two")
    )
    own, other = (next(m.scores for m in run.measurements if m.cell.model == name) for name in ("one", "two"))
    assert own and own.primary.value == 1 and own.of("sqnr_db") is None and own.primary.delta == 0
    cosines = (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    assert other and other.primary.metric.name == "cosine"
    assert other.primary.value == pytest.approx(cosines.mean(), abs=1e-12) and (other.primary.delta or 0) < 0
    noise = 10 * np.log10((first**2).sum() / ((first - second) ** 2).sum())
    assert (sqnr := other.of("sqnr_db")) and sqnr.value == pytest.approx(noise, abs=1e-9)
    assert other.agreement == pytest.approx(((first >= LOGITS) == (second >= LOGITS)).mean())
    assert recommendation.recommend(run, Limits(min_score=0.9))[0].chosen
    assert all(path.is_file() for path in api.report([run.folder]))


def test_a_file_of_outputs_is_the_reference(tmp_path: Path) -> None:
    """Also of records that have labels: these are not used."""
    reference = tmp_path / "outputs.npy"
    np.save(reference, np.random.default_rng(3).normal(size=(20, 5)).astype(np.float32))
    asked = plan(tmp_path, dataset="demo", task="comparison", reference=reference)
    run = harness.run(asked, tmp_path / "run")
    assert all(m.scores and m.scores.primary.value < 0.99 and m.scores.of("sqnr_db") for m in run.measurements)
    np.save(reference, np.zeros((20, 5), np.float32))
    with pytest.raises(RunError, match="reference"):
        harness.run(asked, tmp_path / "run", resume=True)
    for wrong in (np.zeros((19, 5), np.float32), np.zeros((20, 5)) * np.nan, np.zeros((20, 5), int)):
        np.save(reference, wrong)
        with pytest.raises(DataError, match=r"outputs\.npy"):
            harness.run(asked, tmp_path / "wrong")
        shutil.rmtree(tmp_path / "wrong")
    with pytest.raises(DataError, match="--task comparison"):
        harness.run(plan(tmp_path, dataset="demo", reference=reference), tmp_path / "labelled")


@pytest.mark.usefixtures("unlabelled")
def test_a_bundle_of_records_without_labels(tmp_path: Path) -> None:
    overrides = {"limit": 20, "measuring": QUICK}
    contents = packing.collect(list(files(tmp_path)), True, overrides, ProgressReporter())
    write(contents, tmp_path / "ship.bundle")
    run = api.measure([tmp_path / "ship.bundle"], tmp_path / "there")
    found = {m.cell.model: m.scores for m in run.measurements}
    assert found["one"] and found["two"] and found["one"].primary.value == 1 > found["two"].primary.value


@pytest.mark.usefixtures("unlabelled")
def test_labels_are_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no labels"):
        harness.run(plan(tmp_path, task="multilabel"), tmp_path / "run")
