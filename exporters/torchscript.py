"""TorchScript in float32: traced and frozen."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.protocols import Exported, ExportTask


class TorchScript:
    """torch.jit.trace and freeze."""

    name = "torchscript"
    format = "torchscript"
    summary = "TorchScript fp32, traced and frozen"
    engine = ""
    devices = ("cpu", "cuda")
    calibrates = False
    packages = ("torch",)
    choices: Mapping[str, tuple[str, ...]] = {}
    quantization_aware = False

    def export(self, task: ExportTask) -> Exported:
        """Write one TorchScript file."""
        from ._tracing import save_traced

        return Exported(save_traced(task.network, task.input, task.folder / "model.pt"), "fp32")


EXPORTER = TorchScript()
