"""Quantization-aware training: the variant `qat`, which continues the training with int8 rounding in the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebench.core import options
from edgebench.core.errors import Unsupported

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.protocols import CompressTask

CHOICES = {"engine": ("fbgemm", "x86", "onednn", "qnnpack")}


class QuantizationAwareTraining:
    """`qat`, or `qat-qnnpack` for another engine than FBGEMM: that engine's qconfig, by torch.ao's FX mode.

    It needs `--finetune-epochs`: without them the ranges are those of the calibration records.
    """

    name = "qat"

    def check(self, spec: str) -> None:
        """Raise PlanError where the spec is invalid."""
        self._engine(spec)

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return a copy that rounds as the engine does; raises Unsupported where nothing can be quantized."""
        from edgebench.quantization import qat

        if task.further:
            raise Unsupported(
                f"{self.name} takes networks with one input; this one takes {', '.join(task.further)}, too"
            )
        signals, _ = task.labelled()
        return qat.prepare(network, self._engine(spec), signals)

    def _engine(self, spec: str) -> str:
        words = spec.split("-")[1:]
        return options.chosen(f"variant '{spec}'", words, CHOICES).get("engine", CHOICES["engine"][0])


VARIANT = QuantizationAwareTraining()
