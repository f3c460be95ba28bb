"""Profiles that ONNX Runtime writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.runtimes import onnx_profile


@pytest.mark.parametrize(("operator", "kind"), [
    ("QLinearConv", "int8"), ("MatMulIntegerToFloat", "int8"), ("DynamicQuantizeMatMul", "int8"), ("QGemm", "int8"),
    ("DynamicQuantizeLinear", "conversion"), ("DequantizeLinear", "conversion"), ("FusedConv", "float"),
])  # fmt: skip
def test_onnx_operators(operator: str, kind: str) -> None:
    assert onnx_profile.kind_of(operator) == kind


def test_onnx_profile_by_hand(tmp_path: Path) -> None:
    """Two nodes in four runs, of which the first is ignored: 2, 3 and 900 µs, and 4 µs; the medians are 3 and 4."""
    file = tmp_path / "profile.json"
    event = '{{"cat": "Node", "name": "{}_kernel_time", "dur": {}, "args": {{"op_name": "{}"}}}}'
    runs = [("a", 90, "Conv"), ("b", 90, "Add"), ("a", 2, "Conv"), ("b", 4, "Add"), ("a", 3, "Conv"), ("b", 4, "Add")]
    runs += [("a", 900, "Conv"), ("b", 4, "Add")]
    session = '{"cat": "Session", "name": "model_run", "dur": 9}'
    file.write_text("[" + ", ".join([session, *(event.format(*run) for run in runs)]) + "]")
    found = {o.name: o for o in onnx_profile.read(file, 1)}
    assert found["Conv"].seconds == pytest.approx(3e-6)
    assert found["Add"].seconds == pytest.approx(4e-6)
    assert [o.name for o in onnx_profile.read(file, 1)] == ["Add", "Conv"]
    assert found["Conv"].calls == 1


def test_what_runs_on_integers_is_known_by_its_inputs() -> None:
    assert onnx_profile.kind_of("NhwcMaxPool", "uint8") == "int8"
    assert onnx_profile.kind_of("DequantizeLinear", "uint8") == "conversion"
    assert onnx_profile.kind_of("Transpose", "float") == "float"
