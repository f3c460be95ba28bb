"""How many cells a plan asks for, and which artifacts these records fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sample_records import ARTIFACT

from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.data.signals import LEADS, ecg
from edgebench.measuring import environment
from edgebench.pipeline import grid, read_plan
from edgebench.pipeline.machines import HERE
from edgebench.pipeline.planned import Built

OTHERS = {
    "5000 samples at 500 Hz": {"input": ecg(samples=5000, rate_hz=500)}, "V6, V5": {"input": ecg(LEADS[::-1])},
    "regression": {"task": "regression"}, "NORM": {"classes": ("NORM", "MI")},
}  # fmt: skip


def test_the_size_is_the_product_of_what_is_named() -> None:
    plan = read_plan.load(None, {"exporters": ("eager", "onnx"), "targets": ("host", "cuda", "x86-cpu")})
    assert grid.size(plan) == 1 * 1 * 2 * 3


@pytest.mark.parametrize("said", ["", *OTHERS])
def test_records_that_an_artifact_does_not_take(demo: RecordSet, said: str) -> None:
    fitting = replace(ARTIFACT, input=ecg(), classes=demo.classes, thresholds=(0.5,) * 5, devices=("cpu",))
    artifact = replace(fitting, **OTHERS.get(said, {}))  # type: ignore[arg-type]
    plan = read_plan.load(None, {"exporters": ("onnx-int8",), "targets": ("host",)})
    built = {("resnet1d", "none", "onnx-int8"): Built(Outcome("ok", result=artifact), Path("x"))}
    (cell,), _ = grid.cells(plan, built, demo, environment.describe(), HERE.elsewhere)
    assert said in cell.fit.reason if said else not cell.fit.reason
