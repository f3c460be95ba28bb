"""Modules that say of themselves that quantization must leave them alone."""

from __future__ import annotations

from torch import nn


def kept_in_float(network: nn.Module) -> dict[str, str]:
    """Paths of the modules with an attribute `keep_float`, each with the reason that it gives."""
    return {name: str(m.keep_float) for name, m in network.named_modules() if hasattr(m, "keep_float")}
