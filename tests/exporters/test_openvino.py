"""A small network as OpenVINO IR: fp32, computed in bfloat16, int8 by NNCF, and ONNX files on OpenVINO."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from openvino_files import SIGNALS, expected, made

from edgebench.core.errors import Unsupported
from edgebench.measuring import environment
from edgebench.runtimes.openvino import RUNTIME

EXPORTERS = ("openvino", "openvino-bf16", "openvino-int8")
openvino = pytest.mark.skipif(not importlib.util.find_spec("nncf"), reason="edgebench[openvino] is not installed")


def predicted(spec: str, records: int = 1) -> np.ndarray:
    found = made(spec)
    session = RUNTIME.load(found.path, found.artifact, "cpu")
    return np.concatenate([session.predict(SIGNALS[i : i + records]) for i in range(0, len(SIGNALS), records)])


@openvino
def test_fp32_is_the_network_one_record_at_a_time() -> None:
    found = made("openvino")
    assert [Path(name).suffix for name in found.artifact.files] == [".xml", ".bin"]
    assert found.artifact.batch == 1 and found.artifact.precision == "fp32"
    np.testing.assert_allclose(predicted("openvino"), expected(), atol=1e-5)


@openvino
def test_any_batch_takes_several_records() -> None:
    assert made("openvino:any-batch").artifact.batch == 0
    np.testing.assert_allclose(predicted("openvino:any-batch", 4), expected(), atol=1e-5)


@openvino
def test_bfloat16_is_another_precision_or_unsupported() -> None:
    assert made("openvino-bf16").artifact.precision == "bf16"
    if torch.cpu._is_avx512_bf16_supported() or "amx_bf16" in environment.instruction_sets():
        assert 0 < np.abs(predicted("openvino-bf16") - expected()).max() < 0.1
    else:
        with pytest.raises(Unsupported, match="bfloat16"):
            predicted("openvino-bf16")


@openvino
@pytest.mark.parametrize("spec", ["openvino-int8", "openvino-int8:affine-activations,transformer"])
def test_int8_is_small_and_close(spec: str) -> None:
    found = made(spec)
    assert found.artifact.precision == "int8" and found.exported.calibration_method
    assert np.abs(predicted(spec) - expected()).max() < 0.1
    layers = list(RUNTIME.layers(found.path))
    assert {layer.name for layer in layers} == {"features.0", "features.3", "head"}
    assert {layer.bits for layer in layers} == {8} and not found.exported.float_parts
    assert set(found.exported.int8_modules or ()) == {layer.name for layer in layers}


@openvino
def test_ranges_cover_all_records_unless_their_mean_is_asked_for() -> None:
    """The mean of the records' extremes, NNCF's default, would cut off what is rare."""
    import openvino as ov

    def widest(spec: str) -> float:
        steps = [op for op in ov.Core().read_model(made(spec).path).get_ops() if op.get_type_name() == "FakeQuantize"]
        return max(float(np.max(op.input_value(2).get_node().data)) for op in steps)

    assert widest("openvino-int8") > 1.1 * widest("openvino-int8:mean-minmax")
    assert made("openvino-int8:mean-minmax").exported.calibration_method == "mean-minmax"


@openvino
def test_an_onnx_file_on_openvino() -> None:
    found = made("onnx:openvino")
    assert found.path.suffix == ".onnx" and found.artifact.format == "openvino" and not found.artifact.files
    np.testing.assert_allclose(predicted("onnx:openvino"), expected(), atol=1e-5)
