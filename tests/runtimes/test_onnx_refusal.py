"""What ONNX Runtime refuses, told in one line."""

from __future__ import annotations

from pathlib import Path

import onnx_files
import onnxruntime
import pytest
from onnx import helper

from edgebench.runtimes import onnx_refusal


def refused(path: Path) -> str:
    try:
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base of its own
        return str(onnx_refusal.refusal(path, error))
    pytest.fail("it was loaded")


def test_versions_and_operators_that_the_runtime_lacks_are_named(tmp_path: Path) -> None:
    onnxruntime.set_default_logger_severity(4)
    ours = onnxruntime.__version__
    new_ir = onnx_files.write(tmp_path / "ir.onnx", onnx_files.network(ir_version=99))
    assert f"IR version 99, onnxruntime {ours} reads up to 1" in refused(new_ir)
    new_opset = onnx_files.write(tmp_path / "opset.onnx", onnx_files.network(opsets={"": 99}))
    assert f"opset 99 of ai.onnx, onnxruntime {ours} reads up to 2" in refused(new_opset)
    other = onnx_files.network(opsets={"": 17, "ai.onnx.ml": 99})
    assert f"opset 99 of ai.onnx.ml, onnxruntime {ours}" in refused(onnx_files.write(tmp_path / "ml.onnx", other))
    node = helper.make_node("Foo", ["x"], ["y"], domain="acme")
    foreign = onnx_files.network([node], "y", opsets={"": 17, "acme": 1})
    assert "operator Foo of the domain acme" in refused(onnx_files.write(tmp_path / "foreign.onnx", foreign))
    loose = onnx_files.write(tmp_path / "loose.onnx", onnx_files.network(mean_of="nowhere"))
    assert "nowhere" in refused(loose) and "onnxruntime_src" not in refused(loose)
