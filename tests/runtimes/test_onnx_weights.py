"""The weights of ONNX files; tests/artifacts/test_inspect.py has those of the exporters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgebench.runtimes import onnx_weights


def test_a_matrix_product_has_its_outputs_first_whichever_way_it_is_written(tmp_path: Path) -> None:
    import onnx

    weight = np.arange(6, dtype=np.float32).reshape(2, 3)  # two outputs, three inputs
    for transposed in (0, 1):
        node = onnx.helper.make_node("Gemm", ["x", "w"], ["y"], name="gemm", transB=transposed)
        graph = onnx.helper.make_graph(
            [node], "g", [onnx.helper.make_tensor_value_info("x", 1, [1, 3])],
            [onnx.helper.make_tensor_value_info("y", 1, [1, 2])],
            [onnx.numpy_helper.from_array(weight if transposed else weight.T.copy(), "w")],
        )  # fmt: skip
        path = tmp_path / f"{transposed}.onnx"
        onnx.save(onnx.helper.make_model(graph), path)
        (layer,) = onnx_weights.layers(path)
        np.testing.assert_array_equal(layer.values, weight)
