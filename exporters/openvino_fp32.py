"""OpenVINO IR in float32, and the same to be computed in bfloat16."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask

from ._openvino import CHOICES


class OpenVino:
    """The ONNX graph as OpenVINO IR."""

    format = "openvino"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = ("torch", "onnx", "onnxscript", "openvino")
    needs = ("openvino",)
    choices: Mapping[str, tuple[str, ...]] = CHOICES
    quantization_aware = False
    several_inputs = True

    def __init__(self, name: str, precision: str, summary: str) -> None:
        self.name, self.summary, self._precision = name, summary, precision

    def export(self, task: ExportTask) -> Exported:
        """Write model.xml and model.bin; raises Unsupported without OpenVINO."""
        from ._needs import require
        from ._openvino import batch_of, model_of, save

        require("openvino", *self.needs)
        return Exported(save(model_of(task), task), self._precision, fixed_batch=batch_of(task))


EXPORTER = OpenVino("openvino", "fp32", "OpenVINO IR fp32, batch 1")
BF16 = OpenVino("openvino-bf16", "bf16", "OpenVINO IR fp32 computed in bfloat16, where the processor has it")
