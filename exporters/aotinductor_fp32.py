"""AOTInductor in float32."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask

CHOICES: Mapping[str, tuple[str, ...]] = {"vectors": ("widest", "avx2")}
"""The instruction set: the widest of this machine, or AVX2 for devices without AVX-512."""


class AotInductor:
    """torch.export, compiled to machine code."""

    name = "aotinductor"
    format = "aotinductor"
    summary = "torch.export compiled to machine code by AOTInductor, fp32, batch 1; only where named"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = ("torch",)
    needs = ("torch",)
    only_named = True
    choices = CHOICES
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.pt2; raises Unsupported where torch.export or the compiler fails."""
        from edgebench.quantization import pt2e

        from ._aotinductor import require_compiler, write
        from ._same_network import require_same

        require_compiler()
        graph = pt2e.captured(task.network, task.zeros)
        require_same(task, pt2e.one_by_one(graph), "what torch.export captured")
        return Exported(precision="fp32", **write(task.network, task))


EXPORTER = AotInductor()
