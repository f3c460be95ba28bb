"""OpenVINO IR in int8: post-training quantization by NNCF."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask

from ._fastest import PLACEMENT
from ._openvino import CHOICES

NOT_RELU = {
    "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "PRelu", "Sigmoid", "Softplus", "Swish", "Tanh",
}  # fmt: skip
"""ONNX operators of activation functions that may be negative, or parts of them. NNCF's documentation recommends its
preset `mixed` for networks with such ones."""


class OpenVinoInt8:
    """nncf.quantize."""

    name = "openvino-int8"
    format = "openvino"
    summary = "OpenVINO IR int8 by NNCF, batch 1, calibrated on training records"
    engine = ""
    devices = ("cpu",)
    calibrates = True
    packages = ("torch", "onnx", "onnxscript", "openvino", "nncf")
    needs = ("openvino", "nncf")
    choices: Mapping[str, tuple[str, ...]] = {
        **CHOICES,
        "calibration": ("minmax", "mean-minmax"),
        "activations": ("symmetric-activations", "affine-activations"),
        "bias": ("fast-bias", "accurate-bias"),
        "scheme": ("convolutional", "transformer"),
        **PLACEMENT,
    }
    """`mean-minmax`, NNCF's own default, takes the mean of the records' extremes as the range: it cuts off the rare
    peaks of signals, and ruined `inceptiontime`. `affine-activations` is NNCF's preset `mixed`, the default of networks
    with attention or with activation functions other than ReLU. `transformer`, the default of networks with attention,
    leaves in float what costs a transformer accuracy. `accurate-bias` corrects the biases layer by layer, which takes
    longer."""
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.xml and model.bin; raises Unsupported where nothing is quantized, or without its packages."""
        from edgebench.quantization.float_modules import float_modules
        from edgebench.quantization.shares import weights as weights_in
        from edgebench.runtimes.openvino_layers import layers

        from ._fastest import fastest
        from ._needs import require
        from ._onnx_graph import count_operators, nodes_within, shared_graph
        from ._openvino import batch_of, model_of, save, weights_of

        require("openvino", *self.needs)
        model, graph = model_of(task), shared_graph(task)
        if task.options.get("placement") == "fastest":
            home = task.scratch / "openvino-float"
            home.mkdir(exist_ok=True)
            return fastest(self.export, self.format, task, save(model, replace(task, folder=home)))
        modules = {name: str(weights.friendly_name) for name, weights in weights_of(model)}
        floats = {
            node: reason
            for path, reason in {**float_modules(task.network), **task.floats}.items()
            for node in nodes_within(graph, path)
        }
        operators = count_operators(graph)
        attention, affine = operators["Softmax"] > 0, any(operators[name] for name in NOT_RELU)
        quantized = _quantized(model, task, list(floats), attention, affine)
        for name, weights in weights_of(quantized):
            if name in modules:  # NNCF's constants have numbers for names
                weights.set_friendly_name(modules[name])
        path = save(quantized, task)
        found = list(layers(path))
        if not any(layer.bits == 8 for layer in found):
            raise Unsupported("NNCF quantized no convolution and no matrix product of it")
        left = tuple(f"{layer.name}: left in float by NNCF" for layer in found if layer.bits != 8)
        reasons = tuple(f"{node}: {reason}" for node, reason in floats.items())
        int8 = {layer.name: layer.values.size for layer in found if layer.bits == 8}
        own = {name: weights_in(module) for name, module in task.network.named_modules()}
        known = all(own.get(name, 0) == size for name, size in int8.items())
        int8_modules = tuple(int8) if known else None
        method = task.options.get("calibration", self.choices["calibration"][0])
        return Exported(path, "int8", method, (*reasons, *left), int8_modules=int8_modules, fixed_batch=batch_of(task))


def _quantized(model: Any, task: ExportTask, floats: list[str], attention: bool, affine: bool) -> Any:
    os.environ.setdefault("NNCF_CI", "1")  # without it NNCF reports its use over the network
    with _quiet():
        import nncf

        options = task.options
        transformer = options.get("scheme", "transformer" if attention else "") == "transformer"
        usual = "affine-activations" if transformer or affine else "symmetric-activations"
        mixed = options.get("activations", usual) == "affine-activations"
        there = [str(op.friendly_name) for op in model.get_ordered_ops()]
        names = [name for name in there for node in floats if name == node or name.startswith(f"{node}/")]
        records = (task.calibration(), *task.calibration_further())
        inputs = [port.any_name for port in model.inputs]

        def record(number: int) -> dict[str, Any]:
            return {name: values[number : number + 1] for name, values in zip(inputs, records, strict=True)}

        return nncf.quantize(
            model, nncf.Dataset(range(len(records[0])), record), subset_size=len(records[0]),
            preset=nncf.QuantizationPreset.MIXED if mixed else nncf.QuantizationPreset.PERFORMANCE,
            model_type=nncf.ModelType.TRANSFORMER if transformer else None, target_device=nncf.TargetDevice.CPU,
            advanced_parameters=_ranges(options.get("calibration", "minmax")),
            fast_bias_correction=options.get("bias") != "accurate-bias",
            ignored_scope=nncf.IgnoredScope(names=names) if names else None,
        )  # fmt: skip


def _ranges(calibration: str) -> Any:
    """How the range of an activation comes from its extremes in each record."""
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet as Ranges

    chosen = Ranges.MINMAX if calibration == "minmax" else Ranges.MEAN_MINMAX
    return AdvancedQuantizationParameters(activations_range_estimator_params=chosen)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without NNCF's progress bars and messages: the builder answers on standard output."""
    logger = logging.getLogger("nncf")
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        yield


EXPORTER = OpenVinoInt8()
