"""Static int8 by torch.ao's FX graph mode, for one quantized engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgebench.core.protocols import Exported, ExportTask

CHOICES = {
    "calibration": ("percentile", "histogram", "minmax", "moving-average"),
    "granularity": ("per-channel", "per-tensor"),
    "weights": ("symmetric-weights", "affine-weights"),
    "activations": ("affine-activations", "symmetric-activations"),
    "operators": ("all-operators", "products-only"),
}
"""The options of a static int8 export, each with its default first. `percentile` omits the rarest values, `histogram`
searches for the range with the least squared error, `minmax` takes all values, `moving-average` takes the first batch's
range and moves it by a hundredth towards that of each later batch. `products-only`, the default of transformers,
quantizes convolutions and linear layers only."""


@dataclass(frozen=True)
class FxInt8:
    """The exporter of one engine: weights and activations in int8, as TorchScript.

    The qconfig is torch's default of the engine, changed by the task's options.
    """

    name: str
    engine: str
    summary: str
    format: str = "torchscript"
    devices: tuple[str, ...] = ("cpu",)
    calibrates: bool = True
    packages: tuple[str, ...] = ("torch",)
    quantization_aware: bool = True

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The options."""
        return CHOICES

    def export(self, task: ExportTask) -> Exported:
        """Write one TorchScript file; raises Unsupported where nothing can be quantized."""
        import torch

        from edgebench.quantization import qat
        from edgebench.quantization.aware import QuantizationAware
        from edgebench.quantization.engines import engine_set
        from edgebench.quantization.fx import quantize_static
        from edgebench.quantization.shares import int8_modules

        from ._tracing import require_traceable, save_traced

        require_traceable(task)
        own = task.network
        if isinstance(own, QuantizationAware):
            quantized, floats = qat.convert(own, self.engine, torch.zeros(1, *task.input.shape))
            method, own = "learned", own.network
        else:
            quantized, floats = quantize_static(
                task.network, self.engine, task.calibration(), task.options, task.floats
            )
            method = task.options.get("calibration", CHOICES["calibration"][0])
        modules = int8_modules(quantized, own)
        with engine_set(self.engine):
            path = save_traced(quantized, task, task.folder / "model.pt", own)
        return Exported(path, "int8", method, floats, int8_modules=modules)
