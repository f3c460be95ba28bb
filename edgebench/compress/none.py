"""No compression: the trained model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.protocols import CompressTask


class NoCompression:
    """The network, unchanged."""

    name = "none"

    def check(self, spec: str) -> None:
        """Accept it: there are no options."""

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return the network unchanged."""
        return network


VARIANT = NoCompression()
