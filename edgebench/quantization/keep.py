"""What quantization must leave alone."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

BETWEEN = "operators between products"
"""Stands among the paths of modules that stay in float for all that is neither a convolution nor a linear layer, nor
fused with one: sums, normalisations, activations, products of activations. int8 of these rounds what flows between
the layers, in a transformer its whole residual stream."""


def kept_in_float(network: nn.Module) -> dict[str, str]:
    """Paths of the modules that ask for it by an attribute `keep_float`, each with the reason that it gives."""
    return {name: str(m.keep_float) for name, m in network.named_modules() if hasattr(m, "keep_float")}


def between(network: nn.Module, options: Mapping[str, str]) -> dict[str, str]:
    """`BETWEEN` with its reason, where the option `operators` says so, or by default the network is a transformer."""
    default = "products-only" if any(isinstance(m, nn.LayerNorm) for m in network.modules()) else "all-operators"
    if options.get("operators", default) != "products-only":
        return {}
    return {BETWEEN: "only convolutions and linear layers are quantized"}
