"""A loaded file of LiteRT, called with NumPy's arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError
from edgebench.core.io_adapter import shown_shape
from edgebench.core.outputs import WrongOutput, which
from edgebench.runtimes import litert_file
from edgebench.runtimes.constants import Constants

if TYPE_CHECKING:  # each timed process would pay for it
    from edgebench.core.io_adapter import IOAdapter


class _Port:
    """An input or output: integers of a quantized file stand for (value - zero) * scale."""

    def __init__(self, port: Mapping[str, Any]) -> None:
        self.index, self.dtype = int(port["index"]), np.dtype(port["dtype"])
        self.shape, self.free = tuple(map(int, port["shape"])), None in litert_file.shape(port)
        scale, self.zero = float(port["quantization"][0]), int(port["quantization"][1])
        self.scale = np.float32(scale or 1) if litert_file.quantized(port) else None

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values as the file takes them."""
        if self.scale is None:
            return values.astype(self.dtype, copy=False)
        limits = np.iinfo(self.dtype)
        return np.clip(np.round(values / self.scale) + self.zero, limits.min, limits.max).astype(self.dtype)

    def real(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Values that the file answers, as real numbers."""
        if self.scale is None:
            return values.astype(np.float32, copy=False)
        return (values.astype(np.float32) - self.zero) * self.scale


class Model:
    """A loaded file, called with one array for each input of the records."""

    def __init__(self, path: Path, threads: int, feed: IOAdapter | None = None) -> None:
        """Raises ArtifactError, also where a user's file has no output that `feed` names."""
        self._interpreter = litert_file.interpreter(path, num_threads=threads)
        inputs = sorted(self._interpreter.get_input_details(), key=_position)
        outputs = self._interpreter.get_output_details()
        self._ports = {str(one["name"]): _Port(one) for one in inputs}
        names = [str(one["name"]) for one in outputs]
        try:
            answer = which(names, [shown_shape(litert_file.shape(one)) for one in outputs], feed.answer if feed else 0)
        except WrongOutput as error:
            raise ArtifactError(f"{path}: {error}") from None
        self._output = _Port(outputs[names.index(str(answer))])
        self._names = list(self._ports)
        if feed:
            self._names = [feed.signal or self._names[0], *(one.name for one in feed.further)]
        self._constants = Constants(feed.constants if feed else ())

    def __call__(self, *arrays: NDArray[Any]) -> NDArray[np.float32]:
        """The output, in memory of its own."""
        given = {**dict(zip(self._names, arrays, strict=True)), **self._constants.of(len(arrays[0]))}
        stored = [(self._ports[name], self._ports[name].stored(values)) for name, values in given.items()]
        self._resize(stored)
        for port, values in stored:
            self._interpreter.set_tensor(port.index, values)
        self._interpreter.invoke()
        return self._output.real(self._interpreter.get_tensor(self._output.index))

    def _resize(self, given: Sequence[tuple[_Port, NDArray[Any]]]) -> None:
        """Make room for another batch, where the file leaves its size open."""
        changed = [(port, values.shape) for port, values in given if port.free and port.shape != values.shape]
        for port, shape in changed:
            port.shape = shape
            self._interpreter.resize_tensor_input(port.index, shape)
        if changed:
            self._interpreter.allocate_tensors()


def _position(port: Mapping[str, Any]) -> int:
    """The place of an input among the network's, from a name such as `serving_default_args_1`."""
    found = re.search(r"args_(\d+)", str(port["name"]))
    return int(found[1]) if found else int(port["index"])
