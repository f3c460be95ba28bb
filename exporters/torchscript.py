"""TorchScript in float32: traced and frozen, two-dimensional convolutions with channels last."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask


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
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write one TorchScript file.

        It stores the weights of two-dimensional convolutions with the channels last: oneDNN then computes all of them
        in that layout, instead of torch's slow kernel for small batches on one thread.
        """
        import copy

        import torch

        from ._tracing import require_traceable, save_traced

        require_traceable(task)
        # A copy, since other exporters take the same network.
        network = copy.deepcopy(task.network).to(memory_format=torch.channels_last)
        return Exported(save_traced(network, task, task.folder / "model.pt"), "fp32")


EXPORTER = TorchScript()
