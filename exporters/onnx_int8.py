"""ONNX in int8: static quantization in QDQ form by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask

from ._fastest import PLACEMENT
from ._input_names import FIRST, names
from ._openvino import RUNTIMES, runtime

BATCH = 16
CHOICES = {
    "calibration": ("minmax", "entropy", "percentile", "moving-average"),
    "types": ("u8s8", "u8u8", "s8s8"),
    "range": ("reduce-range", "full-range"),
    "granularity": ("per-channel", "per-tensor"),
    "weights": ("symmetric-weights", "affine-weights"),
    "activations": ("affine-activations", "symmetric-activations"),
    "operators": ("all-operators", "products-only"),
    **RUNTIMES,
    **PLACEMENT,
}
"""`types` are those of activations and weights. `reduce-range` uses 7 bits for signed weights: processors without VNNI
add two products in 16 bits, which would saturate. `entropy` searches for the range whose histogram has the least
Kullback-Leibler divergence from that of the values (Migacz, 2017); `percentile` omits the rarest values."""

SATURATES = "activations and weights use 8 bits: processors without VNNI saturate, and their results differ"
SEVEN_BITS = "weights use 7 bits (reduce-range), because processors without VNNI would saturate with 8"


class OnnxInt8:
    """onnxruntime.quantization.quantize_static."""

    name = "onnx-int8"
    format = "onnx"
    summary = "ONNX int8, static QDQ by ONNX Runtime, calibrated on training records"
    engine = ""
    devices = ("cpu", "cuda")
    calibrates = True
    packages = ("torch", "onnx", "onnxscript", "onnxruntime")
    choices: Mapping[str, tuple[str, ...]] = CHOICES
    quantization_aware = True
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write one ONNX file; raises Unsupported where nothing in it could be quantized."""
        import onnx
        from onnxruntime.quantization import quantize_static

        from edgebench.quantization.aware import QuantizationAware
        from edgebench.quantization.engines import SEVEN_BIT_ENGINES
        from edgebench.quantization.float_modules import OTHER_OPERATORS

        from ._fastest import fastest
        from ._onnx_compact import shrink
        from ._onnx_graph import count_operators
        from ._onnx_names import int8_modules
        from ._onnx_qat import save_quantization_aware
        from ._onnx_quantize import PRODUCTS, excluded_nodes, float_parts, prepared
        from ._tracing import require_traceable

        path = task.folder / "model.onnx"
        if isinstance(task.network, QuantizationAware):
            require_traceable(task)
            trained = task.network
            notes = () if trained.engine in SEVEN_BIT_ENGINES else (SATURATES,)
            file = save_quantization_aware(trained, task.input, path)
            modules = int8_modules(file, trained.network)
            return Exported(file, "int8", "learned", trained.partition.float_parts, notes, modules, **runtime(task))
        if task.options.get("placement") == "fastest":
            return fastest(self.export, self.format, task, prepared(task))
        graph = prepared(task)
        before = count_operators(graph)
        if not any(before[op] for op in PRODUCTS):
            raise Unsupported(f"the graph has none of {', '.join(PRODUCTS)} to quantize")
        excluded = excluded_nodes(task)
        # Between the matrix products of a transformer, int8 costs accuracy and saves no time: LayerNorm, softmax and
        # GELU have no int8 kernels.
        default = "products-only" if before["LayerNormalization"] > 0 else "all-operators"
        options = {"operators": default, **task.options}
        products_only = options["operators"] == "products-only" or OTHER_OPERATORS in task.floats
        reduced = options.get("range", "reduce-range") == "reduce-range" and options.get("types") != "u8u8"
        quantize_static(
            graph, path, _Records(task), nodes_to_exclude=list(excluded), reduce_range=reduced,
            op_types_to_quantize=list(PRODUCTS) if products_only else None, **_settings(options, products_only),
        )  # fmt: skip
        floats = float_parts(path, PRODUCTS, excluded)
        if len(floats) == sum(before[op] for op in PRODUCTS):
            raise Unsupported("ONNX Runtime quantized none of the graph's operators")
        smaller = onnx.load(path)
        shrink(smaller)
        onnx.save(smaller, path)
        notes = (
            *((SEVEN_BITS,) if reduced else ()),
            *(("only convolutions and matrix products are quantized",) if products_only else ()),
        )  # fmt: skip
        modules = int8_modules(path, task.network)
        method = options.get("calibration", "minmax")
        return Exported(path, "int8", method, floats, notes, modules, **runtime(task))


def _settings(options: Mapping[str, str], products_only: bool) -> dict[str, Any]:
    """The options as arguments of quantize_static; attention's products of activations stay in float."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType

    methods = {"entropy": CalibrationMethod.Entropy, "percentile": CalibrationMethod.Percentile}
    types = {"u": QuantType.QUInt8, "s": QuantType.QInt8}
    activation, weight = options.get("types", "u8s8").split("8")[:2]
    return {
        "quant_format": QuantFormat.QDQ,
        "calibrate_method": methods.get(options.get("calibration", ""), CalibrationMethod.MinMax),
        "activation_type": types[activation],
        "weight_type": types[weight],
        "per_channel": options.get("granularity") != "per-tensor",
        "extra_options": {
            "MatMulConstBOnly": products_only,
            "CalibMovingAverage": options.get("calibration") == "moving-average",
            "CalibStridedMinMax": 1,  # one batch at a time: entropy and percentile would keep all activations of all
            "ActivationSymmetric": options.get("activations") == "symmetric-activations",
            "WeightSymmetric": options.get("weights") != "affine-weights",
        },
    }


class _Records:
    """The calibration records in batches, with the methods of ONNX Runtime's CalibrationDataReader."""

    def __init__(self, task: ExportTask) -> None:
        self._inputs = dict(zip(names(task), (task.calibration(), *task.calibration_further()), strict=True))
        self._left: list[int] = []

    def __len__(self) -> int:
        return -(-len(self._inputs[FIRST]) // BATCH)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Restrict the batches to those from `start_index` to before `end_index`."""
        self._left = list(range(start_index, end_index))

    def get_next(self) -> dict[str, Any] | None:
        """The next batch; None at the end."""
        if not self._left:
            return None
        start = self._left.pop(0) * BATCH
        return {name: values[start : start + BATCH] for name, values in self._inputs.items()}


EXPORTER = OnnxInt8()
