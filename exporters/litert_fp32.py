"""LiteRT in float32."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask

from ._litert import NEEDS, PACKAGES


class LiteRt:
    """torch.export, converted by litert-torch."""

    name = "litert"
    format = "litert"
    summary = "LiteRT fp32 (.tflite), batch 1"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = PACKAGES
    needs = NEEDS
    choices: Mapping[str, tuple[str, ...]] = {}
    quantization_aware = False
    several_inputs = True

    def export(self, task: ExportTask) -> Exported:
        """Write model.tflite; raises Unsupported where litert-torch fails, or without it."""
        from ._litert import converted
        from ._needs import require

        require("litert", *self.needs)
        path = task.folder / "model.tflite"
        shutil.copyfile(converted(task), path)
        return Exported(path, "fp32", fixed_batch=1)


EXPORTER = LiteRt()
