"""How much of a network is in int8: the share of its weights, and of its multiply-adds."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from edgebench.quantization.partition import QUANTIZABLE


def int8_modules(quantized: nn.Module, network: nn.Module) -> tuple[str, ...]:
    """Paths of the modules of a network whose weights are int8 in its quantized form."""
    own = {name for name, module in network.named_modules() if weights(module)}
    # A module that is a part by itself stands inside a container in the quantized network.
    found = (n.removesuffix(".0") if n not in own else n for n, m in quantized.named_modules() if _is_int8(m))
    return tuple(name for name in found if name in own)


def share_of_weights(network: nn.Module, modules: Iterable[str]) -> float:
    """Share of the weights, without biases and normalisation, that these modules have."""
    return sum(weights(network.get_submodule(name)) for name in modules) / max(1, sum(map(weights, network.modules())))


def share_of_macs(network: nn.Module, modules: Iterable[str], shape: tuple[int, ...], macs: int) -> float | None:
    """Share of the network's multiply-adds that these modules have; None where one is not a convolution or linear."""
    chosen = [network.get_submodule(name) for name in modules]
    if not macs or any(not isinstance(module, QUANTIZABLE) for module in chosen):
        return None
    counted: list[int] = []

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        weight: Tensor = module.weight  # type: ignore[assignment]
        counted.append(output.numel() * (weight.numel() // weight.shape[0]))

    handles = [module.register_forward_hook(count) for module in chosen]
    try:
        with torch.no_grad():
            network(torch.zeros(1, *shape))
    finally:
        for handle in handles:
            handle.remove()
    return sum(counted) / macs


def weights(module: nn.Module) -> int:
    """Values of the matrices and kernels of a module itself."""
    return sum(p.numel() for p in module.parameters(recurse=False) if p.ndim > 1)


def _is_int8(module: nn.Module) -> bool:
    return "quantized" in type(module).__module__
