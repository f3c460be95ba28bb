"""The operators of a file of LiteRT, and the weights of its layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.file_facts import Layer
from edgebench.runtimes import litert_file

PRODUCTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONV_3D", "FULLY_CONNECTED", "BATCH_MATMUL")
"""Operators with weights."""
WEIGHTED = re.compile(r"(?:Lazy)?(?:Conv|Linear|NonDynamicallyQuantizableLinear)")


@dataclass(frozen=True)
class Operator:
    """One operator of the file, before a delegate takes it."""

    kind: str
    inputs: tuple[int, ...]
    """Tensors by their numbers."""
    outputs: tuple[int, ...]
    output: str
    """The name of its first output."""

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of the network that it computes; several where they are fused."""
        return modules_of(self.output)


def modules_of(name: str) -> tuple[str, ...]:
    """Paths of the modules that a tensor's name names, those with weights first.

    `a.Net/torch.nn.modules.container.Sequential_features/torch.nn.modules.conv.Conv1d_0;1` is of `features.0`.
    """
    first: list[str] = []
    others: list[str] = []
    for part in name.split(";"):
        steps = [step.rpartition(".")[2] for step in part.split("/")[1:]]
        own = [found for step in steps if (found := re.sub(r"^_*[A-Za-z0-9]+_", "", step))]
        if own:
            weighted = WEIGHTED.match(steps[-1].lstrip("_"))
            (first if weighted else others).append(".".join(own))
    return tuple(dict.fromkeys([*first, *others]))


def opened(path: Path) -> Any:
    """The interpreter of a file without a delegate, which would hide the operators; raises ArtifactError."""
    from ai_edge_litert.interpreter import OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return litert_file.interpreter(path, experimental_op_resolver_type=plain)


def operators(interpreter: Any) -> Iterator[Operator]:
    """Those of the main graph, in its order."""
    names = {one["index"]: str(one["name"]) for one in interpreter.get_tensor_details()}
    for one in interpreter._get_ops_details():
        inputs, outputs = (tuple(map(int, one[which])) for which in ("inputs", "outputs"))
        yield Operator(str(one["op_name"]), inputs, outputs, names.get(outputs[0], "") if outputs else "")


def layers(path: Path) -> Iterator[Layer]:
    """Each product with constant weights; raises ArtifactError."""
    interpreter = opened(path)
    tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    found = list(operators(interpreter))
    results = {number for operator in found for number in operator.outputs}
    results |= {one["index"] for one in interpreter.get_input_details()}
    for operator in found:
        if operator.kind not in PRODUCTS or len(operator.inputs) < 2:
            continue
        weight = operator.inputs[1]
        if weight in results:
            continue  # a product of two activations, or weights that are dequantized first
        values = np.asarray(interpreter.get_tensor(weight))
        name = next(iter(operator.modules or modules_of(str(tensors[weight]["name"]))), operator.output)
        yield _layer(name, operator.kind, values, tensors[weight]["quantization_parameters"])


def _layer(name: str, kind: str, values: NDArray[Any], quantization: Any) -> Layer:
    axis = values.ndim - 1 if kind == "DEPTHWISE_CONV_2D" else 0
    first = np.ascontiguousarray(np.moveaxis(values, axis, 0))
    if values.dtype.kind == "f":
        return Layer(name, first.astype(np.float32), 8 * values.dtype.itemsize)
    scale = np.asarray(quantization["scales"], np.float32)
    zero = np.asarray(quantization["zero_points"], np.int32)
    shape = (-1, *[1] * (values.ndim - 1)) if scale.size > 1 else (1,)
    real = (first.astype(np.float32) - zero.reshape(shape)) * scale.reshape(shape)
    return Layer(name, real.astype(np.float32), 8, scale, int(values.max()) - int(values.min()) + 1, zero)
