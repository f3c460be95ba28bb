"""LiteRT in int8, by ai-edge-quantizer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgebench.core.errors import Unsupported, first_line
from edgebench.core.protocols import Exported, ExportTask

from ._litert import NEEDS, PACKAGES

PRODUCTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE", "FULLY_CONNECTED")
MOVES = (
    "RESHAPE", "TRANSPOSE", "PAD", "PADV2", "SLICE", "STRIDED_SLICE", "SPLIT", "CONCATENATION", "MAX_POOL_2D",
    "AVERAGE_POOL_2D", "RELU",
)  # fmt: skip
"""Operators that move values, or take a maximum or mean of them: int8 there costs next to no accuracy."""


class LiteRtInt8:
    """ai_edge_quantizer, on the file of litert-torch."""

    name = "litert-int8"
    format = "litert"
    summary = "LiteRT int8 (.tflite), batch 1; weights by default, activations by option"
    engine = ""
    devices = ("cpu",)
    calibrates = True
    packages = (*PACKAGES, "ai-edge-quantizer")
    needs = (*NEEDS, "ai_edge_quantizer")
    choices: Mapping[str, tuple[str, ...]] = {
        "scheme": ("dynamic-range", "mixed", "static"),
        "calibration": ("minmax", "moving-average"),
    }
    """`dynamic-range` finds the scales of activations at run time; `mixed` calibrates those of convolutions and linear
    layers and leaves sums, products of activations and normalisations in float; `static` quantizes all operators."""
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.tflite; raises Unsupported where nothing is quantized, or without its packages."""
        from edgebench.quantization.float_modules import OTHER_OPERATORS, float_modules
        from edgebench.runtimes import litert_layers

        from ._litert import converted
        from ._needs import require

        require("litert", *self.needs)
        source, path = converted(task), task.folder / "model.tflite"
        floats = {**float_modules(task.network), **task.floats}
        default = "mixed" if OTHER_OPERATORS in floats else self.choices["scheme"][0]
        scheme = task.options.get("scheme", default)
        if OTHER_OPERATORS in floats and scheme == "static":
            scheme = "mixed"
        _quantize(task, source, path, scheme, floats)
        found = list(litert_layers.layers(path))
        if not any(layer.bits == 8 for layer in found):
            raise Unsupported("ai-edge-quantizer quantized no convolution and no linear layer of it")
        left = tuple(f"{one.name}: left in float by ai-edge-quantizer" for one in found if one.bits != 8)
        reasons = tuple(f"{name}: {reason}" for name, reason in floats.items())
        own = {name for name, _ in task.network.named_modules()}
        int8 = tuple(layer.name for layer in found if layer.bits == 8)
        return Exported(
            path, "int8-dynamic" if scheme == "dynamic-range" else "int8",
            "" if scheme == "dynamic-range" else task.options.get("calibration", "minmax"), (*reasons, *left),
            int8_modules=int8 if own.issuperset(int8) else None, fixed_batch=1,
        )  # fmt: skip


def _quantize(task: ExportTask, source: Path, path: Path, scheme: str, floats: Mapping[str, str]) -> None:
    from ai_edge_quantizer import calibrator, quantizer
    from ai_edge_quantizer.utils import qsv_utils

    from ._litert import quiet

    recipe = _recipe(scheme, _in_float(source, floats))
    with quiet():
        ranges = None
        if recipe.need_calibration():
            minmax = task.options.get("calibration") != "moving-average"
            update = qsv_utils.min_max_update if minmax else qsv_utils.moving_average_update
            calibration = calibrator.Calibrator(str(source), num_threads=1, qsv_update_func=update)
            calibration.calibrate(_records(task, source), recipe)
            ranges = calibration.get_model_qsvs()
        try:
            made = quantizer.Quantizer(str(source), recipe.get_quantization_recipe())
            path.write_bytes(made.quantize(ranges, enable_progress_report=False).quantized_model)
        except (ValueError, RuntimeError, NotImplementedError) as error:
            raise Unsupported(f"ai-edge-quantizer: {first_line(error)[:300]}") from error


def _records(task: ExportTask, source: Path) -> dict[str, list[dict[str, Any]]]:
    """The calibration records one by one, by the names of the file's inputs."""
    from ai_edge_litert.interpreter import Interpreter

    ((key, signature),) = Interpreter(str(source)).get_signature_list().items()
    names = sorted(signature["inputs"], key=lambda name: int(name.rpartition("_")[2]))
    records = (task.calibration(), *task.calibration_further())
    rows = range(len(records[0]))
    return {key: [{name: one[i : i + 1] for name, one in zip(names, records, strict=True)} for i in rows]}


def _recipe(scheme: str, in_float: list[str]) -> Any:
    """What becomes int8, as ai-edge-quantizer takes it."""
    from ai_edge_quantizer import algorithm_manager, qtyping, recipe_manager

    recipe, every = recipe_manager.RecipeManager(), qtyping.TFLOperationName.ALL_SUPPORTED
    if scheme == "dynamic-range":
        recipe.add_dynamic_config(".*", every, 8)
    for name in {"static": ("*",), "mixed": (*PRODUCTS, *MOVES)}.get(scheme, ()):
        recipe.add_static_config(".*", qtyping.TFLOperationName(name), 8, 8)
    kept = algorithm_manager.AlgorithmName.NO_QUANTIZE
    for end in ("INPUT", "OUTPUT") if scheme == "static" else ():  # the file takes and answers float32, as all do
        recipe.add_quantization_config(".*", qtyping.TFLOperationName(end), algorithm_key=kept)
    for scope in in_float:
        recipe.add_quantization_config(scope, every, algorithm_key=kept)
    return recipe


def _in_float(source: Path, floats: Mapping[str, str]) -> list[str]:
    """Regular expressions for the operators of the modules in float."""
    from edgebench.runtimes import litert_layers

    found = []
    for operator in litert_layers.operators(litert_layers.opened(source)):
        if any(one == path or one.startswith(f"{path}.") for one in operator.modules for path in floats):
            found.append(f"^{re.escape(operator.output)}")
    return found


EXPORTER = LiteRtInt8()
