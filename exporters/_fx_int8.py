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
"""What a static int8 export can choose, the default first. `percentile` leaves the rarest values out, `histogram` looks
for the range with the least squared error, `minmax` takes all values, `moving-average` the first batch's range, moved
by a hundredth towards each later one's. `products-only`, the default of transformers, leaves in float what is neither
a convolution nor a linear layer."""


@dataclass(frozen=True)
class FxInt8:
    """One exporter for each engine: weights and activations in int8, saved as TorchScript.

    torch's default qconfig of the engine, with the task's options instead where they choose.
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
        """What can be chosen."""
        return CHOICES

    def export(self, task: ExportTask) -> Exported:
        """Write one TorchScript file; raises Unsupported where nothing can be quantized."""
        import torch

        from edgebench.quantization import qat
        from edgebench.quantization.engines import engine_set
        from edgebench.quantization.fx import quantize_static

        from ._tracing import save_traced

        if isinstance(task.network, qat.QuantizationAware):
            quantized, left = qat.converted(task.network, self.engine, torch.zeros(1, *task.input.shape))
            method = "learned"
        else:
            quantized, left = quantize_static(task.network, self.engine, task.calibration(), task.options, task.floats)
            method = task.options.get("calibration", CHOICES["calibration"][0])
        with engine_set(self.engine):
            path = save_traced(quantized, task.input, task.folder / "model.pt")
        return Exported(path, "int8", method, left)
