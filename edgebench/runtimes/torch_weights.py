"""The weights of a TorchScript file, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgebench.core.file_facts import Layer
from edgebench.runtimes import torch_layers

PRODUCTS = ("quantized::", "aten::_convolution", "aten::conv", "aten::linear", "aten::matmul", "aten::addmm")


def layers(path: Path) -> Iterator[Layer]:
    """Each product with constant weights; raises RuntimeError for a damaged file."""
    import torch

    module, named = torch_layers.load(path)
    modules = iter([layer for _, layer in named])
    for number, node in enumerate(module.graph.nodes()):
        own = "" if node.kind().startswith("prim::") else next(modules, "")
        inputs = list(node.inputs())
        if len(inputs) < 2 or not node.kind().startswith(PRODUCTS):
            continue
        constant = inputs[1].toIValue() if inputs[1].node().kind() == "prim::Constant" else None
        name = own or f"{node.kind().partition('::')[2]}.{number}"
        if isinstance(constant, torch.ScriptObject) and hasattr(constant, "unpack"):
            weight = constant.unpack()[0]
            if not weight.is_quantized:
                yield Layer(name, weight.float().numpy(), 8 * weight.element_size())
                continue
            channels = weight.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric)
            scale = weight.q_per_channel_scales() if channels else torch.tensor([weight.q_scale()])
            zero = weight.q_per_channel_zero_points() if channels else torch.tensor([weight.q_zero_point()])
            integers = weight.int_repr()
            levels = int(integers.max()) - int(integers.min()) + 1
            yield Layer(name, weight.dequantize().numpy(), 8, scale.float().numpy(), levels, zero.long().numpy())
        elif isinstance(constant, torch.Tensor) and constant.ndim > 1 and constant.is_floating_point():
            yield Layer(name, constant.float().numpy(), 8 * constant.element_size())
