"""The network of a quantization-aware training. To recognize one needs no torch.ao, with which `qat` trains it."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from edgebench.quantization.partition import Partition


class QuantizationAware(nn.Module):
    """A network whose parts round their weights and activations as the engine's int8 does."""

    def __init__(self, network: nn.Module, partition: Partition, engine: str) -> None:
        super().__init__()
        self.network, self.partition, self.engine = network, partition, engine

    def forward(self, signals: Tensor) -> Tensor:
        """(batch, leads, samples) in mV to logits (batch, classes)."""
        logits: Tensor = self.network(signals)
        return logits

    def train(self, mode: bool = True) -> QuantizationAware:
        """Set the mode; predictions outside of training leave the ranges unchanged, unlike with torch's observers."""
        super().train(mode)
        if not mode:
            from torch.ao.quantization import disable_observer

            self.apply(disable_observer)
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """The data, beside the weights, from which `restore` builds the network again."""
        return {"engine": self.engine, "floats": dict(self.partition.floats)}
