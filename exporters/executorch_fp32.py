"""ExecuTorch in float32."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask

NEEDS = ("executorch", "torchao")
PACKAGES = ("torch", "executorch", "torchao")


class ExecuTorch:
    """torch.export, lowered to XNNPACK."""

    name = "executorch"
    format = "executorch"
    summary = "ExecuTorch fp32 by XNNPACK, batch 1"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = PACKAGES
    needs = NEEDS
    choices: Mapping[str, tuple[str, ...]] = {}
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.pte; raises Unsupported where torch.export fails, or without ExecuTorch."""
        from ._needs import require

        require("executorch", *self.needs)
        from edgebench.quantization import pt2e

        from ._executorch import write
        from ._same_network import require_same

        graph = pt2e.captured(task.network, task.zeros)
        require_same(task, pt2e.one_by_one(graph), "what torch.export captured")
        return Exported(precision="fp32", **write(task.network, task))


EXPORTER = ExecuTorch()
