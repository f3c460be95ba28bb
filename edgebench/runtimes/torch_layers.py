"""The layers of a TorchScript file: it keeps no names of modules, so that an export writes them beside the graph."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

from edgebench.core.files import replacing

FILE = "layers.json"
"""The file inside the archive: a list of [operator, layer], in the order of the graph."""
TRACES = ".debug_pkl"
WRITTEN_ANYWAY = (".data/serialization_id", "byteorder", "version", ".data/version")
"""Records that torch's writer adds itself."""
MODULE = "__module."
"""Stands before the path of a module in a scope of torch's tracer."""
Layers = list[tuple[str, str]]
"""Operators in the graph's order, each with the path of its module, or an empty text."""


def save(frozen: Any, path: Path, modules: Collection[str]) -> None:
    """Save a traced and frozen network with the names of its layers, among those of the network's `modules`."""
    import torch

    named = [(node.kind(), _module(node.scopeName(), modules)) for node in _operators(frozen)]
    torch.jit.save(frozen, str(path), _extra_files={FILE: json.dumps(named).encode()})
    _drop_traces(path)


def _drop_traces(path: Path) -> None:
    """Leave out the stack traces, which have paths of the exporting machine and which nothing but errors reads."""
    from torch._C import PyTorchFileReader, PyTorchFileWriter

    reader = PyTorchFileReader(str(path))
    with replacing(path) as part, part.open("wb") as stream:
        writer = PyTorchFileWriter(stream)  # of a path it would store the name
        for name in reader.get_all_records():
            if not name.endswith(TRACES) and name not in WRITTEN_ANYWAY:
                content = reader.get_record(name)
                writer.write_record(name, content, len(content))
        writer.write_end_of_file()


def load(path: Path, device: str = "cpu") -> tuple[Any, Layers]:
    """The module of a file, and its operators with their layers, which are none in a file of another origin.

    Raises RuntimeError where torch cannot load it.
    """
    import torch

    extra: dict[str, Any] = {FILE: ""}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript announces its removal at each call
        module = torch.jit.load(str(path), map_location=device, _extra_files=extra)  # type: ignore[no-untyped-call]
    try:
        stored = json.loads(extra[FILE])
        layers = [(operator, layer) for operator, layer in stored if isinstance(layer, str)]
    except (ValueError, TypeError, RecursionError):
        return module, []
    return module, layers if [operator for operator, _ in layers] == [n.kind() for n in _operators(module)] else []


def _operators(module: Any) -> list[Any]:
    """The nodes of a graph that compute; constants and lists are none."""
    return [node for node in module.graph.nodes() if not node.kind().startswith("prim::")]


def _module(scope: str, modules: Collection[str]) -> str:
    """The innermost module of a scope such as `__module.blocks/__module.blocks.0`."""
    name = scope.rpartition("/")[2].removeprefix(MODULE)
    # A module that is quantized as a whole stands inside a container.
    return next((one for one in (name, name.removesuffix(".0")) if one in modules), "")
