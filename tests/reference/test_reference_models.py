"""The published run of all shipped models: complete, and an int8 export of each image model pays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flat_rows import value

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.measurements import Measurement, Run
from edgebench.models import store
from edgebench.models.image import ImageArchitecture
from edgebench.pipeline import run_store
from edgebench.tasks.statistics import decide, macro_auc, macro_f1
from edgebench.training.evaluation import predict, spread

FOLDER = Path(__file__).parents[2] / "results" / "reference" / "ptbxl-models"
EXPORTERS = {"eager", "torchscript", "onnx", "onnx-int8", "fbgemm-int8", "qnnpack-int8", "torch-int8-dynamic"}
FP32_OF = {"onnx-int8": "onnx", "fbgemm-int8": "torchscript", "qnnpack-int8": "torchscript"}
CHECKED = 128
"""Records of fold 10 that are predicted again."""


def images() -> list[str]:
    architectures = {
        name: registry.architecture(store.find(name).manifest.architecture) for name in store.shipped("multilabel")
    }
    return [name for name, architecture in architectures.items() if isinstance(architecture, ImageArchitecture)]


@pytest.fixture(scope="module")
def run() -> Run:
    return run_store.read(FOLDER)


def cells(run: Run, model: str) -> list[Measurement]:
    return [m for m in run.measurements if m.cell.model == model and m.status == "ok"]


def test_every_shipped_model_went_through_every_exporter(run: Run) -> None:
    grid = {(m.cell.model, m.cell.exporter, m.cell.target) for m in run.measurements}
    assert grid == {(m, e, t) for m in store.shipped("multilabel") for e in EXPORTERS for t in ("host", "arm-qnnpack")}
    assert {m.status for m in run.measurements} <= {"ok", "unsupported"}
    for m in run.measurements:
        if m.status == "ok":
            assert (
                value(m, "records") == 2158
                and value(m, "file_size_bytes")
                and value(m, "peak_rss_bytes")
                and value(m, "latency_p50_s")
                and value(m, "macro_f1_low")
            )
        else:
            assert m.reason


@pytest.mark.parametrize("model", store.shipped("multilabel"))
def test_each_exporter_gave_a_result_somewhere(run: Run, model: str) -> None:
    assert {m.cell.exporter for m in cells(run, model)} == EXPORTERS


@pytest.mark.parametrize("model", images())
def test_an_int8_export_is_three_times_smaller_for_under_two_hundredths_of_f1(run: Run, model: str) -> None:
    sizes = {m.cell.exporter: value(m, "file_size_bytes") or 0 for m in cells(run, model)}
    pays = {
        m.cell.exporter for m in cells(run, model)
        if m.cell.exporter in FP32_OF and (value(m, "delta_macro_f1") or 0) > -0.02
        and sizes[FP32_OF[m.cell.exporter]] >= 3 * sizes[m.cell.exporter]
    }  # fmt: skip
    assert pays


@pytest.mark.ptbxl
@pytest.mark.parametrize("name", store.shipped("multilabel"))
def test_scores_on_fold_10_are_the_manifests(run: Run, name: str, ptbxl_all: Path) -> None:
    """The run's logits are those of the shipped weights, and give the scores that the manifest tells."""
    model, told = store.find(name), store.find(name).manifest.scores["fold10"]
    records = registry.dataset("ptbxl").load(DataRequest("test", ptbxl_all))
    logits = np.load(run.folder / "predictions" / f"{name}~none~eager~cpu.npy")
    again = predict(store.network(model), records, limit=CHECKED)
    assert np.abs(again - logits[spread(len(records), CHECKED)]).max() < 1e-3
    assert macro_auc(records.labels, logits) == pytest.approx(told.metrics["macro_auc"], abs=1e-4)
    assert macro_f1(records.labels, decide(logits, model.manifest.thresholds)) == pytest.approx(
        told.metrics["macro_f1"], abs=1e-3
    )
