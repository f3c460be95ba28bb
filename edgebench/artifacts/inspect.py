"""The weights of an artifact, layer by layer, read from its file, and the rounding error of int8 for each layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgebench.artifacts.onnx_constants import Constants
from edgebench.core.errors import ArtifactError, MissingPackage, first_line
from edgebench.quantization import error
from edgebench.runtimes import onnx_file, onnx_names, torch_layers
from edgebench.runtimes.onnx_layers import PRODUCTS

TORCH_PRODUCTS = ("quantized::", "aten::_convolution", "aten::conv", "aten::linear", "aten::matmul", "aten::addmm")
BINS = 64
N = TypeVar("N", int, float)


@dataclass(frozen=True)
class Layer:
    """The weights of one layer, in real numbers."""

    name: str
    values: NDArray[np.float32]
    bits: int
    """32 for float, 16 for half precision, 8 for int8."""
    scale: NDArray[np.float32] | None = None
    """Of an int8 layer: one value, or one for each channel."""
    levels: int = 0
    """Of an int8 layer: the number of integers from the smallest to the largest weight."""
    zero: NDArray[Any] | None = None
    """Of an int8 layer: the zero points of the weights, one or one for each channel."""
    input_range: tuple[float, float] | None = None
    """The smallest and largest value that the layer takes, where its int8 input has a scale in the file."""


@dataclass(frozen=True)
class LayerFacts:
    """Statistics of a layer's weights."""

    name: str
    shape: tuple[int, ...]
    bits: int
    low: float
    high: float
    sparsity: float
    """Share of the weights that are exactly zero."""
    per_tensor_db: float | None
    """Signal to quantization noise in dB if a float layer became int8 with one scale; None for an int8 layer."""
    per_channel_db: float | None
    """The same with a scale for each output channel."""
    rounding_db: float | None
    """For an int8 layer: expected signal to noise of its rounding, 10 log10(mean x² / mean(s²/12)), for errors that are
    uniform over a step; the file does not show the error of clipping. None for a float layer."""
    range_used: float | None
    """For an int8 layer: `Layer.levels` as a share of the 256 integers."""
    histogram: tuple[int, ...]
    """Number of weights in each of the equal bins from `low` to `high`."""
    scale: tuple[float, float] | None = None
    """Of an int8 layer: the smallest and largest scale of its channels."""
    zero_point: tuple[int, int] | None = None
    """Of an int8 layer: the smallest and largest zero point of its channels."""
    input_range: tuple[float, float] | None = None
    """The values that the layer can take, where the file has the scale of its int8 input; None elsewhere."""


def facts(layer: Layer) -> LayerFacts:
    """The statistics of one layer; raises ArtifactError where a weight is not finite."""
    x = layer.values
    if not np.isfinite(x).all():
        raise ArtifactError(f"layer {layer.name}: some of its weights are not finite")
    low, high = float(x.min()), float(x.max())
    bins = np.histogram(x, BINS, (low, high) if high > low else (low - 1, high + 1))[0]
    per_tensor = per_channel = rounding = used = None
    if layer.scale is None:
        per_tensor = error.loss(x, error.quantize(x)).sqnr_db
        per_channel = error.loss(x, error.quantize(x, axis=0)).sqnr_db
    else:
        noise = float((layer.scale.astype(np.float64) ** 2).mean() / 12)
        power = float((x.astype(np.float64) ** 2).mean())
        rounding = 10 * float(np.log10(power / noise)) if power and noise else np.inf
        used = layer.levels / 256
    return LayerFacts(
        layer.name, x.shape, layer.bits, low, high, float((x == 0).mean()), per_tensor, per_channel, rounding, used,
        tuple(int(n) for n in bins), _ends(layer.scale, float), _ends(layer.zero, int), layer.input_range,
    )  # fmt: skip


def _ends(values: NDArray[Any] | None, kind: type[N]) -> tuple[N, N] | None:
    return None if values is None or not values.size else (kind(values.min()), kind(values.max()))


def layers(path: Path, form: str) -> list[Layer]:
    """The layers of a file that have weights, in its order; `form` is its format. To be called in a child.

    Raises ArtifactError, MissingPackage.
    """
    readers = {"eager": _safetensors, "onnx": _onnx, "torchscript": _torchscript}
    if form not in readers:
        raise ArtifactError(f"{path}: weights of the format '{form}' cannot be read")
    try:
        found = list(readers[form](path))
    except ModuleNotFoundError as error:
        extra = "build" if error.name == "onnx" else "torch"
        raise MissingPackage(str(error.name), extra, f"to inspect '{path}'") from None
    except (KeyError, RuntimeError, ValueError, OSError) as error:
        raise ArtifactError(f"{path}: cannot be read: {first_line(error)}") from None
    if not found:
        raise ArtifactError(f"{path}: it has no layer with weights")
    return found


def _safetensors(path: Path) -> Iterator[Layer]:
    from safetensors.numpy import load_file

    for name, tensor in load_file(path).items():
        if name.endswith("weight") and tensor.ndim > 1 and tensor.dtype.kind == "f":
            yield Layer(name.removesuffix(".weight"), tensor.astype(np.float32), 8 * tensor.dtype.itemsize)


def _onnx(path: Path) -> Iterator[Layer]:
    import onnx

    onnx_file.require_whole(path)
    graph = onnx.load(path).graph
    producers = {output: node for node in graph.node for output in node.output}
    constants = Constants(graph)
    for node in graph.node:
        if node.op_type not in PRODUCTS or len(node.input) < 2:
            continue
        # The weights have their outputs first where a Gemm transposes them, or a Transpose precedes the product.
        transposed = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
        weight, given = node.input[1], _input_range(producers.get(node.input[0]), constants)
        if (before := producers.get(weight)) is not None and before.op_type == "Transpose":
            weight, transposed = before.input[0], not transposed
        source = producers.get(weight)
        dequantized = source is not None and source.op_type == "DequantizeLinear"
        name = onnx_names.layer(node, source.input[0] if source is not None and dequantized else weight)
        if source is not None and source.op_type == "DequantizeLinear":
            axis = next((a.i for a in source.attribute if a.name == "axis"), 1)
            found = [constants(i) for i in source.input]
        elif node.op_type.endswith("Integer"):
            axis = -1
            found = [constants(i) for i in (weight, weight.replace("_quantized", "_scale"), *node.input[3:4])]
        else:
            values = constants(weight)
            if values is not None:
                bits = 8 * values.dtype.itemsize
                yield Layer(name, _outputs_first(values.astype(np.float32), node.op_type, transposed), bits)
            continue
        integers, scale, zero = (*found, None)[:3]
        if integers is not None and scale is not None:
            zero = np.zeros(1, np.int32) if zero is None else zero
            yield replace(_int8(name, integers, scale, zero, axis, (node.op_type, transposed)), input_range=given)


def _input_range(source: Any, constants: Constants) -> tuple[float, float] | None:
    """What the int8 input of a layer can hold, from the scale and zero point that dequantize it; None for no int8."""
    if source is None or source.op_type != "DequantizeLinear":
        return None
    scale, zero = (constants(name) for name in [*source.input[1:3], ""][:2])
    if scale is None or zero is None or scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    ends = np.iinfo(zero.dtype)
    low, high = (float(scale.item()) * (end - int(zero.item())) for end in (ends.min, ends.max))
    return (low, high) if np.isfinite([low, high]).all() else None


def _int8(
    name: str, integers: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any], axis: int, product: tuple[str, bool]
) -> Layer:
    shape = [-1 if d == axis % integers.ndim else 1 for d in range(integers.ndim)] if scale.size > 1 else [1]
    offset = zero.astype(np.float32).reshape(shape if zero.size > 1 else [1])
    real = (integers.astype(np.float32) - offset) * scale.astype(np.float32).reshape(shape)
    levels = int(integers.max()) - int(integers.min()) + 1
    return Layer(
        name, _outputs_first(real, *product), 8, scale.astype(np.float32).reshape(-1), levels, zero.reshape(-1)
    )


def _outputs_first(values: NDArray[np.float32], operator: str, transposed: bool) -> NDArray[np.float32]:
    """Weights with the output channels as first dimension; a matrix product in ONNX has them last."""
    last = operator.startswith(("MatMul", "Gemm")) and not transposed
    return np.ascontiguousarray(np.moveaxis(values, -1, 0)) if last else values


def _torchscript(path: Path) -> Iterator[Layer]:
    import torch

    module, named = torch_layers.load(path)
    modules = iter([layer for _, layer in named])
    for number, node in enumerate(module.graph.nodes()):
        own = "" if node.kind().startswith("prim::") else next(modules, "")
        inputs = list(node.inputs())
        if len(inputs) < 2 or not node.kind().startswith(TORCH_PRODUCTS):
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
