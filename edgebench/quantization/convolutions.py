"""Convolutions in a form that the quantized kernels take: padded by numbers, the same at both ends."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.conv import _ConvNd

MODES = ("zeros", "reflect")
"""The modes of padding that quantized convolutions have."""


def use_numbers(network: nn.Module) -> None:
    """Replace the words `same` and `valid` by the equal numbers, in place, where both ends get as many."""
    for module in _convolutions(network).values():
        if module.padding == "valid":
            module.padding = (0,) * len(module.kernel_size)
        elif module.padding == "same" and not any(total % 2 for total in _totals(module)):
            module.padding = tuple(total // 2 for total in _totals(module))


def float_convolutions(network: nn.Module, engine: str) -> dict[str, str]:
    """Paths of the convolutions for which the engine has no kernel, each with the reason."""
    found = {}
    for name, module in _convolutions(network).items():
        if module.padding == "same" and any(total % 2 for total in _totals(module)):
            found[name] = "padding 'same' is uneven here; int8 pads both ends alike"
        elif module.padding_mode not in MODES[: 1 if isinstance(module, nn.Conv3d) else 2]:
            found[name] = f"int8 has no padding mode '{module.padding_mode}'"
        elif engine == "qnnpack" and isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
            found[name] = "QNNPACK has no three-dimensional convolution"
    return found


def _totals(module: _ConvNd) -> list[int]:
    """The values that `same` adds along each dimension, at both ends together."""
    return [step * (size - 1) for step, size in zip(module.dilation, module.kernel_size, strict=True)]


def _convolutions(network: nn.Module) -> dict[str, _ConvNd]:
    return {name: module for name, module in network.named_modules() if isinstance(module, _ConvNd)}
