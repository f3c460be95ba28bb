"""ONNX with int8 weights and activations that are quantized at run time; faster for matrix products only."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask

from ._openvino import RUNTIMES, runtime


class OnnxInt8Dynamic:
    """onnxruntime.quantization.quantize_dynamic on matrix products; convolutions stay in float.

    ONNX Runtime's dynamic convolution (ConvInteger) is several times slower than its float convolution.
    """

    name = "onnx-int8-dynamic"
    format = "onnx"
    summary = "ONNX int8, dynamic: matrix products only, scales chosen at run time (for transformers)"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = ("torch", "onnx", "onnxscript", "onnxruntime")
    choices: Mapping[str, tuple[str, ...]] = RUNTIMES
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write one ONNX file; raises Unsupported where it has no matrix product with constant weights."""
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic

        from ._onnx_graph import count_operators
        from ._onnx_names import int8_modules, name_products, scopes_of
        from ._onnx_quantize import PRODUCTS, excluded_nodes, float_parts, prepared

        path = task.folder / "model.onnx"
        graph = onnx.load(prepared(task))
        # A Gemm becomes a MatMul with a transposed weight, for which the inferred shape would be wrong.
        del graph.graph.value_info[:]
        excluded = excluded_nodes(task)
        scopes = scopes_of(graph)
        quantize_dynamic(
            graph, path, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8,
            reduce_range=True, nodes_to_exclude=list(excluded),
        )  # fmt: skip
        if not count_operators(path)["MatMulInteger"]:
            raise Unsupported("the graph has no matrix product with constant weights to quantize")
        name_products(path, scopes)
        floats = float_parts(path, PRODUCTS, excluded)
        modules = int8_modules(path, task.network)
        return Exported(path, "int8-dynamic", "", floats, int8_modules=modules, **runtime(task))


EXPORTER = OnnxInt8Dynamic()
