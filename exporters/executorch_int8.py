"""ExecuTorch in int8: torchao's PT2E with XNNPACK's quantizer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask

from .executorch_fp32 import NEEDS, PACKAGES

if TYPE_CHECKING:
    from torch import fx


class ExecuTorchInt8:
    """prepare_pt2e and convert_pt2e, lowered to XNNPACK."""

    name = "executorch-int8"
    format = "executorch"
    summary = "ExecuTorch int8 by XNNPACK (PT2E), batch 1, calibrated on training records"
    engine = ""
    devices = ("cpu",)
    calibrates = True
    packages = PACKAGES
    needs = NEEDS
    choices: Mapping[str, tuple[str, ...]] = {
        "calibration": ("histogram", "minmax"),
        "granularity": ("per-channel", "per-tensor"),
        "operators": ("all-operators", "products-only"),
    }
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.pte; raises Unsupported where nothing is quantized, or without ExecuTorch."""
        from ._needs import require

        require("executorch", *self.needs)
        from edgebench.quantization import pt2e
        from edgebench.quantization.float_modules import float_modules, float_operators

        from ._executorch import write
        from ._same_network import require_same

        graph = pt2e.captured(task.network, task.zeros)
        require_same(task, pt2e.one_by_one(graph), "what torch.export captured")
        floats = {**float_modules(task.network), **task.floats}
        others = float_operators(task.network, task.options)
        quantizer = _quantizer(task.options, pt2e.within(floats), bool(others))
        records = (task.calibration(), *task.calibration_further())
        converted = pt2e.quantized(graph, quantizer, records)
        int8, left = pt2e.precision_of_modules(converted, task.network)
        if int8 == ():
            raise Unsupported("XNNPACK's quantizer took no convolution and no linear layer of it")
        reasons = {**dict.fromkeys(left, "left in float by XNNPACK's quantizer"), **floats, **others}
        parts = tuple(f"{name}: {reason}" for name, reason in reasons.items())
        method = task.options.get("calibration", self.choices["calibration"][0])
        return Exported(
            precision="int8", calibration_method=method, float_parts=parts, int8_modules=int8,
            **write(converted, task),
        )  # fmt: skip


def _quantizer(options: Mapping[str, str], in_float: Callable[[fx.Node], bool], products_only: bool) -> Any:
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e import MinMaxObserver

    config = get_symmetric_quantization_config(is_per_channel=options.get("granularity") != "per-tensor")
    if options.get("calibration") == "minmax":
        observer = MinMaxObserver.with_args(eps=2**-12)
        spec = dataclasses.replace(config.input_activation, observer_or_fake_quant_ctr=observer)
        config = dataclasses.replace(config, input_activation=spec, output_activation=spec)
    quantizer = XNNPACKQuantizer()
    quantizer.set_filter_function(lambda node: not in_float(node))
    if not products_only:
        return quantizer.set_global(config)
    aten = torch.ops.aten
    for operator in (aten.conv1d.default, aten.conv2d.default, aten.linear.default):
        quantizer.set_operator_type(operator, config)
    return quantizer


EXPORTER = ExecuTorchInt8()
