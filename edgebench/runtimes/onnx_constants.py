"""The constants of an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Constants:
    """The constants of a graph by name, from its initializers and its constant nodes."""

    def __init__(self, graph: Any) -> None:
        self._initializers = {i.name: i for i in graph.initializer}
        self._nodes = {n.output[0]: n for n in graph.node if n.op_type in ("Constant", "Cast", "Identity")}

    def __call__(self, name: str) -> NDArray[Any] | None:
        """The value of a name; None where it is not a constant."""
        from onnx import helper, numpy_helper

        if name in self._initializers:
            return np.asarray(numpy_helper.to_array(self._initializers[name]))
        node = self._nodes.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            return np.asarray(numpy_helper.to_array(node.attribute[0].t))
        inner = self(node.input[0])
        if inner is None or node.op_type == "Identity":
            return inner
        return inner.astype(helper.tensor_dtype_to_np_dtype(node.attribute[0].i))
