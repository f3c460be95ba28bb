"""The check of a new artifact against the network it came from."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from edgebench.artifacts.build import BUILDER_BYTES, Build, _side_by_side, agrees
from edgebench.core import registry
from edgebench.core.datasets import DataRequest

OWN = np.array([[0.5, -0.25], [0.125, 0.0]], np.float32)


@pytest.mark.parametrize(("scale", "error", "same"), [
    (1, 0.9e-4, True), (1, 1.1e-4, False), (8, 3.9e-4, True), (8, 4.1e-4, False), (2e10, 3e5, True),
])  # fmt: skip
def test_fp32_is_held_against_the_largest_logit(scale: float, error: float, same: bool) -> None:
    own = (OWN * scale).astype(np.float64)  # so that the sum below is not rounded
    exported = own.copy()
    exported[1, 1] += error
    assert agrees(own, exported, "fp32") is same  # type: ignore[arg-type]
    assert agrees(own, exported, "int8")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_what_is_no_number_agrees_with_nothing(value: float, precision: str) -> None:
    exported = OWN.copy()
    exported[0, 1] = value
    assert not agrees(OWN, exported, precision)
    assert not agrees(exported, OWN, precision)


@pytest.mark.parametrize(("exporters", "cores", "memory", "builders"), [
    ("eager fbgemm-int8 onnx onnx-int8:entropy", 2, 3 * BUILDER_BYTES, ["onnx onnx-int8:entropy", "eager fbgemm-int8"]),
    ("eager fbgemm-int8 onnx onnx-int8", 1, 3 * BUILDER_BYTES, ["eager fbgemm-int8 onnx onnx-int8"]),
    ("eager fbgemm-int8 onnx onnx-int8", 2, 2 * BUILDER_BYTES, ["eager fbgemm-int8 onnx onnx-int8"]),
    ("eager onnx openvino", 2, 3 * BUILDER_BYTES, ["eager onnx openvino"]),
    ("eager missing torchscript", 2, 3 * BUILDER_BYTES, ["eager missing torchscript"]),
])  # fmt: skip
def test_two_processes_build_where_that_saves_time_and_there_is_memory(
    exporters: str, cores: int, memory: int, builders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=memory))
    records = registry.dataset("demo").load(DataRequest("test", limit=2))
    asked = Build("resnet1d", "none", tuple(exporters.split()), Path("unused"), None, records, 60)
    assert [" ".join(names) for names in _side_by_side(asked)] == builders
