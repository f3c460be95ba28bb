"""ONNX with matrix products whose weights alone are int8 or int4; they are computed in float."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask


class OnnxWeightOnly:
    """onnxruntime's MatMulNBitsQuantizer; convolutions stay in float."""

    name = "onnx-weight-only"
    format = "onnx"
    summary = "ONNX with int8 or int4 weights in matrix products, computed in float: smaller transformers"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = ("torch", "onnx", "onnxscript", "onnxruntime")
    needs = ("onnx", "onnxruntime")
    only_named = True
    choices: Mapping[str, tuple[str, ...]] = {"bits": ("int8-weights", "int4-weights")}
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write one ONNX file; raises Unsupported where it has no matrix product with constant weights."""
        import onnx
        from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

        from ._onnx_graph import count_operators
        from ._onnx_quantize import PRODUCTS, excluded_nodes, float_parts, prepared

        path = task.folder / "model.onnx"
        word = task.options.get("bits", self.choices["bits"][0])
        excluded = excluded_nodes(task)
        config = DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=True, bits=8 if word[3] == "8" else 4)
        logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.ERROR)
        quantizer = MatMulNBitsQuantizer(
            onnx.load(prepared(task)), nodes_to_exclude=list(excluded), algo_config=config
        )  # fmt: skip
        quantizer.process()
        onnx.save(quantizer.model.model, path)
        if not count_operators(path)["MatMulNBits"]:
            raise Unsupported("the graph has no matrix product with constant weights (a convolution is none)")
        return Exported(path, word, float_parts=float_parts(path, PRODUCTS, excluded))


EXPORTER = OnnxWeightOnly()
