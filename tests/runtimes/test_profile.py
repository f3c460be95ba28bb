"""Profiles of real artifacts by their own runtimes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.artifacts import manifests
from edgebench.core import registry
from edgebench.core.contracts import Job, RecordSet
from edgebench.core.results import Operators, OperatorTime
from edgebench.isolation.jobs import run_job
from edgebench.measuring.operators import summary
from edgebench.runtimes import onnx_profile, torch_profile


@pytest.mark.parametrize("name", registry.names("exporters"))
def test_what_an_artifact_computes_on(exported: Path, name: str, demo: RecordSet, tmp_path: Path) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    output = tmp_path / "profile.json"
    engine = found.artifact.engine or ("fbgemm" if name == "torch-int8-dynamic" else "")
    job = Job("profile", found.artifact, str(found.path), "cpu", 1, engine, str(demo.signals), str(output))
    outcome = run_job(job, 120)
    assert outcome.status == "ok", outcome.reason
    values = outcome.value
    assert output.is_file()
    assert values.slowest_operator
    assert 0 < (values.slowest_operator_share or 0) <= 1
    if name.endswith("-int8"):
        assert values.int8_operators >= 19  # every convolution and the linear layer
        assert values.conversions >= 2
        assert values.int8_time_share > 0.5
    elif name.endswith("-dynamic"):
        assert values.int8_operators == 1  # the linear layer alone
        assert values.int8_time_share < 0.3
    else:
        assert values.int8_operators == values.conversions == 0
        assert values.float_operators >= 19


def test_summary_by_hand() -> None:
    found = summary([
        OperatorTime("QLinearConv", "int8", 4, 6e-3), OperatorTime("QuantizeLinear", "conversion", 2, 1e-3),
        OperatorTime("Softmax", "float", 1, 1e-3),
    ])  # fmt: skip
    assert found == Operators(4, 1, 2, 0.75, 0.125, "QLinearConv", 0.75)
    assert summary([]).slowest_operator == ""


@pytest.mark.parametrize(("operator", "kind"), [
    ("QLinearConv", "int8"), ("MatMulIntegerToFloat", "int8"), ("DynamicQuantizeMatMul", "int8"), ("QGemm", "int8"),
    ("DynamicQuantizeLinear", "conversion"), ("DequantizeLinear", "conversion"), ("FusedConv", "float"),
])  # fmt: skip
def test_onnx_operators(operator: str, kind: str) -> None:
    assert onnx_profile.kind_of(operator) == kind


@pytest.mark.parametrize(("operator", "kind"), [
    ("quantized::conv1d_relu", "int8"), ("quantized::linear_dynamic", "int8"), ("aten::quantized_max_pool1d", "int8"),
    ("aten::quantize_per_tensor", "conversion"), ("aten::dequantize", "conversion"), ("aten::addmm", "float"),
])  # fmt: skip
def test_torch_operators(operator: str, kind: str) -> None:
    assert torch_profile.kind_of(operator) == kind


def test_what_runs_on_integers_is_known_by_its_inputs() -> None:
    assert torch_profile.kind_of("aten::max_pool1d", "c10::quint8") == "int8"
    assert torch_profile.kind_of("aten::dequantize", "c10::quint8") == "conversion"
    assert torch_profile.kind_of("aten::max_pool1d", "float") == "float"
    assert onnx_profile.kind_of("NhwcMaxPool", "uint8") == "int8"
    assert onnx_profile.kind_of("DequantizeLinear", "uint8") == "conversion"
    assert onnx_profile.kind_of("Transpose", "float") == "float"


def test_pooling_of_integers_is_not_float(exported: Path) -> None:
    """resnet1d pools between its convolutions, in int8 as they are; what is left in float is its input and its head."""
    import torch

    torch.backends.quantized.engine = "fbgemm"
    module = torch.jit.load(str(manifests.read(exported / "fbgemm-int8").path))  # type: ignore[no-untyped-call]
    record = np.zeros((1, 12, 1000), np.float32)
    found = torch_profile.profile(lambda r: module(torch.from_numpy(r)), [record] * 4)
    kinds = {o.name: o.kind for o in found}
    assert kinds["aten::max_pool1d"] == kinds["aten::avg_pool1d"] == "int8"
    assert kinds["aten::sub"] == "float"


def test_onnx_profile_by_hand(tmp_path: Path) -> None:
    """Two nodes in three runs, of which the first is ignored: 2 + 3 and 4 µs, on average 2.5 and 4."""
    file = tmp_path / "profile.json"
    event = '{{"cat": "Node", "name": "{}_kernel_time", "dur": {}, "args": {{"op_name": "{}"}}}}'
    runs = [("a", 90, "Conv"), ("b", 90, "Add"), ("a", 2, "Conv"), ("b", 4, "Add"), ("a", 3, "Conv"), ("b", 4, "Add")]
    session = '{"cat": "Session", "name": "model_run", "dur": 9}'
    file.write_text("[" + ", ".join([session, *(event.format(*run) for run in runs)]) + "]")
    found = {o.name: o for o in onnx_profile.read(file, 1)}
    assert found["Conv"].seconds == pytest.approx(2.5e-6)
    assert found["Add"].seconds == pytest.approx(4e-6)
    assert [o.name for o in onnx_profile.read(file, 1)] == ["Add", "Conv"]
    assert found["Conv"].calls == 1
