"""The child process that opens a user's file. Run as `python -m edgebench.artifacts.opener`.

No graph is optimised here: folding the constants of one may take minutes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgebench.artifacts import torch_file
from edgebench.artifacts.opening import FileFacts, Port
from edgebench.core.errors import EdgeBenchError, MissingPackage, first_line
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.serialization import from_dict, to_dict
from edgebench.isolation import memory_limit
from edgebench.isolation.child import answer_with
from edgebench.isolation.jobs import OUT_OF_MEMORY
from edgebench.runtimes import onnx_file, onnx_refusal


def facts(path: Path, form: str) -> FileFacts:
    """What a file says about itself; raises ArtifactError, MissingPackage."""
    if form == "onnx":
        return _onnx(path)
    return FileFacts(torch_file.precision(path), returns=torch_file.returns(path), cuda=torch_file.on_cuda(path))


def answers(path: Path, feed: IOAdapter, shapes: Sequence[Sequence[int]]) -> list[tuple[str | int, str]]:
    """The outputs of a TorchScript file for one record of zeros: (key or position, shape)."""
    import torch

    from edgebench.core import outputs
    from edgebench.runtimes.constants import Constants

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript announces its removal at each call
        module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    shape, *others = shapes
    further = dict(Constants(feed.constants, torch.from_numpy).of(1))
    for one, size in zip(feed.further, others, strict=True):
        further[one.name] = torch.zeros(1, *size, dtype=getattr(torch, one.dtype))
    with torch.inference_mode():
        found = outputs.parts(module(torch.zeros(1, *shape, dtype=getattr(torch, feed.dtype)), **further))
    keys = {} if found is None else found
    return [(key if isinstance(key, str | int) else str(key), outputs.shape(one)) for key, one in keys.items()]


def layers(path: Path, form: str) -> list[dict[str, Any]]:
    """The statistics of each layer that has weights, as JSON's own types. Raises ArtifactError, MissingPackage."""
    from edgebench.artifacts import inspect

    found = [to_dict(inspect.facts(layer)) for layer in inspect.layers(path, form)]
    return [{k: str(v) if isinstance(v, float) and math.isinf(v) else v for k, v in one.items()} for one in found]


def _onnx(path: Path) -> FileFacts:
    found = onnx_file.require_whole(path)
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise MissingPackage("onnxruntime", "onnx", f"'{path}'") from None
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base of its own
        if OUT_OF_MEMORY.search(str(error)):
            raise MemoryError from None
        raise onnx_refusal.refusal(path, error) from None
    return FileFacts(found.precision(), _ports(session.get_inputs()), _ports(session.get_outputs()))


def _ports(arguments: Any) -> tuple[Port, ...]:
    return tuple(Port(one.name, tuple(one.shape), one.type) for one in arguments)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What was asked about a file, or the error as one line."""
    path, form = Path(request["path"]), request["format"]
    try:
        if request["what"] == "layers":
            return {"layers": layers(path, form)}
        if request["what"] == "network":
            from edgebench.models import store

            store.network(store.find(request["model"]))
            return {}
        if request["what"] == "answers":
            return {"answers": answers(path, from_dict(IOAdapter, request["feed"]), request["shapes"])}
        return {"facts": to_dict(facts(path, form))}
    except EdgeBenchError as error:
        return {"error": str(error)}
    except (MemoryError, RecursionError):
        return {"error": f"{path}: needs more memory to be opened than a file of its size may"}
    except Exception as error:  # libraries raise anything for a damaged file
        return {"error": f"{path}: cannot be opened: {type(error).__name__}: {first_line(error)[:200]}"}


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with memory_limit.bounded(request["limit_bytes"]):
        found = answer(request)
    yield found


if __name__ == "__main__":
    answer_with(_handle)
