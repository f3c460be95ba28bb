"""No compression: the model as it was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


class NoCompression:
    """The identity."""

    name = "none"

    def apply(self, network: nn.Module, spec: str) -> nn.Module:
        """Return the network unchanged."""
        return network


VARIANT = NoCompression()
