"""ONNX in QDQ form with the ranges of a quantization-aware training.

ONNX Runtime's quantizer would choose other ranges. torch.onnx's dynamo exporter does not support torch's fake
quantization, so this uses the tracing exporter.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.ao import quantization as ao
from torch.ao.nn import qat as plain
from torch.ao.nn.intrinsic import qat as fused
from torch.nn.utils.fusion import fuse_conv_bn_weights

from edgebench.core.inputs import InputSpec
from edgebench.quantization.aware import QuantizationAware
from edgebench.runtimes import onnx_names
from edgebench.runtimes.onnx_constants import Constants

from ._onnx_compact import compact
from ._onnx_names import module_of, name_nodes

OPSET = 17
"""The first with LayerNormalization."""


def save_quantization_aware(network: QuantizationAware, contract: InputSpec, path: Path) -> Path:
    """Write the network as an ONNX file with int8 weights and the learned scales."""
    whole = copy.deepcopy(network.network).eval()
    _make_exportable(whole)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole, (torch.zeros(2, *contract.shape),), str(path), dynamo=False, opset_version=OPSET,
            input_names=["signals"], output_names=["logits"],
            dynamic_axes={"signals": {0: "batch"}, "logits": {0: "batch"}},
        )  # fmt: skip
    named = network.network.named_modules()
    _quantize_weights(path, {name for name, module in named if not isinstance(module, ao.FakeQuantizeBase)})
    return path


def _make_exportable(whole: nn.Module) -> None:
    """Replace the modules that ONNX cannot express; operators that share a range still share it afterwards."""
    replacements: dict[nn.Module, nn.Module | None] = {}
    replaced = ""
    for name, module in list(whole.named_modules(remove_duplicate=False)):
        if replaced and name.startswith(replaced):
            continue  # inside the module that was just replaced
        if module not in replacements:
            replacements[module] = _exportable(module)
        new = replacements[module]
        if new is not None:
            parent, _, own = name.rpartition(".")
            setattr(whole.get_submodule(parent), own, new)
            replaced = f"{name}."


def _exportable(module: nn.Module) -> nn.Module | None:
    """The module that replaces a module of the training in ONNX; None where it stays."""
    if isinstance(module, ao.FakeQuantizeBase):
        return _Rounded(module)
    if isinstance(module, (fused.ConvBn1d, fused.ConvBn2d, fused.ConvBn3d)):
        return _folded(module)
    return None


class _Rounded(nn.Module):
    """A fake quantization with a fixed range, which torch.onnx exports as QuantizeLinear and DequantizeLinear.

    ONNX has no 7-bit types: a range of 0 to 127 becomes 0 to 255 on the same grid. Only values outside the range of
    the training are rounded differently.
    """

    scale: Tensor
    zero: Tensor

    def __init__(self, trained: Any) -> None:
        super().__init__()
        scale, zero = trained.calculate_qparams()
        self.axis = int(trained.ch_axis) if trained.is_per_channel else None
        self.low, self.high = (-128, 127) if int(trained.quant_min) < 0 else (0, 255)
        self.register_buffer("scale", scale.float())
        self.register_buffer("zero", zero.to(torch.int32))

    def forward(self, values: Tensor) -> Tensor:
        """The values, rounded to the grid."""
        if self.axis is not None:
            return torch.fake_quantize_per_channel_affine(values, self.scale, self.zero, self.axis, self.low, self.high)
        scale, zero = float(self.scale), int(self.zero)  # constants of the graph
        return torch.fake_quantize_per_tensor_affine(values, scale, zero, self.low, self.high)


def _folded(conv: Any) -> nn.Module:
    """A convolution with its normalisation folded in, as at inference, and the same rounding of its weights."""
    kinds: dict[int, Any] = {1: plain.Conv1d, 2: plain.Conv2d, 3: plain.Conv3d}
    norm = conv.bn
    bias = conv.bias if conv.bias is not None else torch.zeros_like(norm.running_mean)
    new = kinds[conv.weight.ndim - 2](
        conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups,
        True, conv.padding_mode, qconfig=conv.qconfig,
    )  # fmt: skip
    new.weight, new.bias = fuse_conv_bn_weights(
        conv.weight, bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    new.weight_fake_quant = _Rounded(conv.weight_fake_quant)
    is_relu = isinstance(conv, (fused.ConvBnReLU1d, fused.ConvBnReLU2d, fused.ConvBnReLU3d))
    return nn.Sequential(new, nn.ReLU()).eval() if is_relu else cast("nn.Module", new.eval())


def _quantize_weights(path: Path, modules: Collection[str]) -> None:
    """Replace each QuantizeLinear of a constant by its result, an int8 constant.

    Nodes and constants are called by the `modules` of the network.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    graph = model.graph
    name_nodes(graph, modules)
    value = Constants(graph)
    names = {one.name for one in graph.initializer}
    for node in list(graph.node):
        if node.op_type != "QuantizeLinear":
            continue
        weights, scale, zero = (value(name) for name in node.input)
        if weights is None or scale is None or zero is None:
            continue
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
        shape = [-1 if d == axis else 1 for d in range(weights.ndim)] if scale.ndim else []
        limits = np.iinfo(zero.dtype)
        rounded = np.rint(weights / scale.reshape(shape)) + zero.reshape(shape)
        quantized = np.clip(rounded, limits.min, limits.max).astype(zero.dtype)
        name = node.output[0]
        if (own := module_of(onnx_names.of_weight(node.input[0]), modules)) and f"{own}.weight_quantized" not in names:
            name = f"{own}.weight_quantized"
            for user in graph.node:
                user.input[:] = [name if one == node.output[0] else one for one in user.input]
        names.add(name)
        graph.initializer.append(numpy_helper.from_array(quantized, name))
        graph.node.remove(node)
    while unused := [n for n in graph.node if n.op_type in ("Constant", "Cast", "Identity") and not _used(graph, n)]:
        for node in unused:
            graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for old in [i for i in graph.initializer if i.name not in used]:
        graph.initializer.remove(old)
    compact(model)
    onnx.save(model, path)


def _used(graph: Any, node: Any) -> bool:
    """Whether any node, or the graph, takes an output of the node."""
    ends = {o.name for o in graph.output}
    return bool(ends & set(node.output)) or any(set(node.output) & set(other.input) for other in graph.node)
