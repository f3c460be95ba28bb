"""The published runs: what the README shows is theirs, and they hold what was promised."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from flat_rows import value

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.measurements import Run
from edgebench.models import store
from edgebench.pipeline import run_store
from edgebench.tasks.resampling import interval
from edgebench.tasks.statistics import decide, macro_auc

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run() -> Run:
    return run_store.read(ROOT / "results" / "reference" / "ptbxl-x86")


def test_medians_are_those_of_the_raw_samples(run: Run) -> None:
    for m in run.measurements:
        if m.status == "ok":
            samples = [np.load(p) for p in (run.folder / "samples").glob(f"{m.cell.id}~*.npy")]
            each = min(map(len, samples))  # every process counts alike
            assert each * len(samples) == value(m, "latency_samples")
            assert np.median(np.concatenate([s[:each] for s in samples])) == pytest.approx(
                value(m, "latency_p50_s"), rel=1e-12
            )


def test_fp32_exports_agree_with_eager_to_the_last_decision(run: Run) -> None:
    thresholds = store.find("resnet1d").manifest.thresholds
    eager = np.load(run.folder / "predictions" / "resnet1d~none~eager~cpu.npy")
    assert len(eager) == 2158
    for name in ("torchscript", "onnx"):
        logits = np.load(run.folder / "predictions" / f"resnet1d~none~{name}~cpu.npy")
        assert np.abs(logits - eager).max() < 1e-4
        assert (decide(logits, thresholds) == decide(eager, thresholds)).all()


def test_what_was_promised_of_int8(run: Run) -> None:
    rows = {m.cell.exporter: m for m in run.measurements if m.cell.target == "host" and m.status == "ok"}
    for name in ("fbgemm-int8", "onnx-int8"):
        assert (value(rows["torchscript"], "file_size_bytes") or 0) / (value(rows[name], "file_size_bytes") or 1) >= 3.5
        assert (value(rows[name], "delta_macro_f1") or 0) > -0.01
    assert (value(rows["fbgemm-int8"], "latency_p50_s") or 1) < (value(rows["eager"], "latency_p50_s") or 0)
    assert all(
        value(m, "records") == 2158 and value(m, "peak_rss_bytes") and value(m, "macro_f1_low") for m in rows.values()
    )


def test_a_distilled_student_beats_the_same_one_without_a_teacher() -> None:
    """Same network, recipe, epochs and seed; the manifest of the one without is kept without its weights."""
    path = ROOT / "results" / "reference" / "distillation" / "mobilenetv3-small-alone.json"
    alone = store.read_manifest(json.loads(path.read_text()), str(path))
    student = store.find("mobilenetv3-small").manifest
    without, with_teacher = alone.training["recipe"], student.training["recipe"]
    assert {k for k in with_teacher if with_teacher[k] != without[k]} == {"teacher"}
    assert student.training["epochs"] == alone.training["epochs"]
    for fold in ("fold9", "fold10"):
        assert student.scores[fold].metrics["macro_auc"] > alone.scores[fold].metrics["macro_auc"]
        assert student.scores[fold].metrics["macro_f1"] > alone.scores[fold].metrics["macro_f1"]


@pytest.mark.ptbxl
def test_the_gain_of_distillation_is_more_than_chance(ptbxl_all: Path) -> None:
    """The paired bootstrap over fold 10's records: its 95 % interval of the macro-AUC's difference is above zero."""
    folder = ROOT / "results" / "reference" / "distillation"
    labels = registry.dataset("ptbxl").load(DataRequest("test", ptbxl_all)).labels
    alone, student = (np.load(folder / f"mobilenetv3-small{which}.npy") for which in ("-alone", ""))
    assert macro_auc(labels, student) == pytest.approx(
        store.find("mobilenetv3-small").manifest.scores["fold10"].metrics["macro_auc"], abs=1e-4
    )
    random, gains = np.random.default_rng(0), []
    for _ in range(400):
        rows = random.integers(0, len(labels), len(labels))
        gains.append((macro_auc(labels[rows], student[rows]) or 0) - (macro_auc(labels[rows], alone[rows]) or 0))
    low, high = interval(np.array(gains))
    assert 0.001 < low < high < 0.01
