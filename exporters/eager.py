"""The unexported baseline: the weights in safetensors, run by the code of the architecture."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask


class Eager:
    """The weights alone."""

    name = "eager"
    format = "eager"
    summary = "the unexported baseline: weights in safetensors, run by PyTorch in eager mode"
    engine = ""
    devices = ("cpu", "cuda")
    calibrates = False
    packages = ("torch", "safetensors")
    choices: Mapping[str, tuple[str, ...]] = {}
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write the state dict of the network."""
        from safetensors.torch import save_file

        path = task.folder / "model.safetensors"
        save_file({k: v.contiguous() for k, v in task.network.state_dict().items()}, path)
        return Exported(path, "fp32")


EXPORTER = Eager()
