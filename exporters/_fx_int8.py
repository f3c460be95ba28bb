"""Static int8 by torch.ao's FX graph mode, for one quantized engine."""

from __future__ import annotations

from dataclasses import dataclass

from edgebench.protocols import Exported, ExportTask


@dataclass(frozen=True)
class FxInt8:
    """One exporter for each engine: weights and activations in int8, saved as TorchScript."""

    name: str
    engine: str
    summary: str
    format: str = "torchscript"
    devices: tuple[str, ...] = ("cpu",)
    calibrates: bool = True
    packages: tuple[str, ...] = ("torch",)

    def export(self, task: ExportTask) -> Exported:
        """Write one TorchScript file; raises Unsupported where nothing can be quantized."""
        from ._torch_ao import engine_set, quantize_static
        from ._tracing import save_traced

        quantized, left = quantize_static(task.network, self.engine, task.calibration())
        with engine_set(self.engine):
            path = save_traced(quantized, task.input, task.folder / "model.pt")
        return Exported(path, "int8", "histogram", left)
