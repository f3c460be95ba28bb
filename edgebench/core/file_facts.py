"""What a runtime says about a file of its format: inputs and outputs, the weights of its layers, a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Port:
    """One input or output of a graph."""

    name: str
    shape: tuple[int | str | None, ...]
    """Symbolic dimensions are texts or None."""
    type: str
    """In ONNX's words: `tensor(float)`, `tensor(float16)`, `tensor(double)`, `tensor(int64)`."""


@dataclass(frozen=True)
class FileFacts:
    """What a file says about itself."""

    precision: str
    """fp32, fp16, bf16, int8 or int8-dynamic."""
    inputs: tuple[Port, ...] | None = None
    """None where the format does not say: TorchScript."""
    outputs: tuple[Port, ...] | None = None
    returns: str = ""
    """The type that TorchScript answers: `Tensor`, or one of several outputs; empty where unknown."""
    cuda: bool = False
    """Whether TorchScript computes on CUDA, wherever it is loaded."""


@dataclass(frozen=True)
class Layer:
    """The weights of one layer, in real numbers."""

    name: str
    values: NDArray[np.float32]
    """With the output channels first."""
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
class Program:
    """Lines of Python that load a file and predict with it, to be run in the folder of the file."""

    load: tuple[str, ...]
    """Imports and loading; NumPy is imported as np."""
    predict: tuple[str, ...]
    """From `records`, as the file takes them, to `answer`, both NumPy's arrays."""
