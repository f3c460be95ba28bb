"""Shared code of the LiteRT exporters: a network as LiteRT's file for one record a call."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch

from edgebench.core.errors import Unsupported, first_line
from edgebench.core.protocols import ExportTask

NEEDS = ("litert_torch", "ai_edge_litert")
PACKAGES = ("torch", "litert-torch", "ai-edge-litert")


def converted(task: ExportTask) -> Path:
    """The float32 file that all LiteRT exporters of this network share.

    Raises Unsupported where litert-torch fails, ModelError where it makes another network.
    """
    if "litert" not in task.shared:
        task.shared["litert"] = _convert(task)
    path: Path = task.shared["litert"]
    return path


def _convert(task: ExportTask) -> Path:
    from edgebench.runtimes.litert_model import Model

    from ._same_network import require_same

    path = task.scratch / "litert.tflite"
    try:
        with quiet(), torch.no_grad():
            import litert_torch

            litert_torch.convert(task.network, task.zeros(1)).export(str(path))
    except Exception as error:  # each pass over the graph raises its own kinds
        raise Unsupported(f"litert-torch: {type(error).__name__}: {first_line(error)[:300]}") from error
    model = Model(path, threads=1)

    def run(*records: torch.Tensor) -> torch.Tensor:
        arrays = [one.numpy() for one in records]
        rows = [model(*(one[i : i + 1] for one in arrays)) for i in range(len(arrays[0]))]
        return torch.cat([torch.from_numpy(row) for row in rows])

    require_same(task, run, "what litert-torch converted")
    return path


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the converter's progress: the builder answers on standard output."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
