"""The parts of a network that quantization leaves in float."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

OTHER_OPERATORS = "operators between products"
"""The entry, among the paths of modules in float, for all operators that are neither a convolution nor a linear layer,
nor fused with one: sums, normalisations, activations, products of activations. int8 of these rounds the values that
flow between the layers; in a transformer this is its whole residual stream."""


def float_modules(network: nn.Module) -> dict[str, str]:
    """Paths of the modules with an attribute `keep_float`, each with the reason that the attribute states."""
    return {name: str(m.keep_float) for name, m in network.named_modules() if hasattr(m, "keep_float")}


def float_operators(network: nn.Module, options: Mapping[str, str]) -> dict[str, str]:
    """`OTHER_OPERATORS` with its reason, if the option `operators` is `products-only`, the default of transformers."""
    default = "products-only" if any(isinstance(m, nn.LayerNorm) for m in network.modules()) else "all-operators"
    if options.get("operators", default) != "products-only":
        return {}
    return {OTHER_OPERATORS: "only convolutions and linear layers are quantized"}
