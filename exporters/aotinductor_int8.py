"""AOTInductor in int8: torchao's PT2E with the quantizer of x86 Inductor."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask

from .aotinductor_fp32 import CHOICES


class AotInductorInt8:
    """prepare_pt2e and convert_pt2e, compiled to machine code with oneDNN's int8 kernels."""

    name = "aotinductor-int8"
    format = "aotinductor"
    summary = "AOTInductor int8 (PT2E), batch 1, calibrated on training records; only where named"
    engine = ""
    devices = ("cpu",)
    calibrates = True
    packages = ("torch", "torchao")
    needs = ("torch", "torchao")
    only_named = True
    choices: Mapping[str, tuple[str, ...]] = {
        **CHOICES,
        "calibration": ("histogram", "minmax"),
        "range": ("full-range", "reduce-range"),
    }
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.pt2; raises Unsupported where nothing is quantized, or the compiler fails."""
        from ._needs import require

        require("aotinductor", *self.needs)
        from edgebench.quantization import pt2e
        from edgebench.quantization.float_modules import float_modules

        from ._aotinductor import require_compiler, write
        from ._same_network import require_same

        require_compiler()
        graph = pt2e.captured(task.network, task.zeros)
        require_same(task, pt2e.one_by_one(graph), "what torch.export captured")
        floats = {**float_modules(task.network), **task.floats}
        records = (task.calibration(), *task.calibration_further())
        converted = pt2e.quantized(graph, _quantizer(task.options, floats), records)
        int8, left = pt2e.precision_of_modules(converted, task.network)
        if int8 == ():
            raise Unsupported("the quantizer of x86 Inductor took no convolution and no linear layer of it")
        reasons = {**dict.fromkeys(left, "left in float by the quantizer of x86 Inductor"), **floats}
        parts = tuple(f"{name}: {reason}" for name, reason in reasons.items())
        method = task.options.get("calibration", self.choices["calibration"][0])
        return Exported(
            precision="int8", calibration_method=method, float_parts=parts, int8_modules=int8,
            **write(converted, task),
        )  # fmt: skip


def _quantizer(options: Mapping[str, str], floats: Iterable[str]) -> Any:
    import torchao.quantization.pt2e.inductor_passes.x86  # noqa: F401 (Inductor makes int8 kernels by its passes)
    from torchao.quantization.pt2e import MinMaxObserver
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    config = x86.get_default_x86_inductor_quantization_config(reduce_range=options.get("range") == "reduce-range")
    if options.get("calibration") == "minmax":
        observer = MinMaxObserver.with_args(eps=2**-12)
        spec = dataclasses.replace(config.input_activation, observer_or_fake_quant_ctr=observer)
        config = dataclasses.replace(config, input_activation=spec, output_activation=spec)
    quantizer = x86.X86InductorQuantizer().set_global(config)
    for path in floats:
        quantizer.set_module_name_qconfig(path, None)
    return quantizer


EXPORTER = AotInductorInt8()
