"""ONNX in int8: static quantization in QDQ form by ONNX Runtime, per channel, calibrated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.errors import Unsupported
from edgebench.protocols import Exported, ExportTask

QUANTIZABLE = ("Conv", "MatMul", "Gemm")
BATCH = 16


class OnnxInt8:
    """onnxruntime.quantization.quantize_static."""

    name = "onnx-int8"
    format = "onnx"
    summary = "ONNX int8, static QDQ by ONNX Runtime, per channel, calibrated on training records"
    engine = ""
    devices = ("cpu", "cuda")
    calibrates = True
    packages = ("torch", "onnx", "onnxscript", "onnxruntime")

    def export(self, task: ExportTask) -> Exported:
        """Write one ONNX file; raises Unsupported where nothing in it could be quantized."""
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        from ._onnx_graph import count_operators, shared_graph
        from ._onnx_quantize import excluded_nodes, float_parts, prepared

        path = task.folder / "model.onnx"
        graph = prepared(shared_graph(task))
        before = count_operators(graph)
        if not any(before[op] for op in QUANTIZABLE):
            raise Unsupported(f"the graph has none of {', '.join(QUANTIZABLE)} to quantize")
        excluded = excluded_nodes(task)
        # Between the matrix products of a transformer, int8 costs accuracy and saves no time: LayerNorm, softmax and
        # GELU have no int8 kernels.
        transformer = before["LayerNormalization"] > 0
        quantize_static(
            graph, path, _Records(task.calibration()),
            quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, reduce_range=True, nodes_to_exclude=list(excluded),
            op_types_to_quantize=list(QUANTIZABLE) if transformer else None,
        )  # fmt: skip
        left = float_parts(path, QUANTIZABLE, excluded)
        if len(left) == sum(before[op] for op in QUANTIZABLE):
            raise Unsupported("ONNX Runtime quantized none of the graph's operators")
        return Exported(
            path, "int8", "min-max", left,
            (
                "weights use 7 bits (reduce_range): processors without VNNI would saturate otherwise",
                *(("only convolutions and matrix products are quantized",) if transformer else ()),
            ),
        )  # fmt: skip


class _Records:
    """The calibration records in batches, as ONNX Runtime's CalibrationDataReader gives them."""

    def __init__(self, signals: NDArray[np.float32]) -> None:
        self._batches = iter(range(0, len(signals), BATCH))
        self._signals = signals

    def get_next(self) -> dict[str, Any] | None:
        """The next batch; None at the end."""
        start = next(self._batches, None)
        return None if start is None else {"signals": self._signals[start : start + BATCH]}


EXPORTER = OnnxInt8()
