"""Trace a network to TorchScript, and see that the trace is the network."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgebench.core.errors import ModelError, first_line
from edgebench.core.files import write_text
from edgebench.core.protocols import ExportTask
from edgebench.runtimes import torch_layers

from ._same_network import depends, require_same, values_read


def save_traced(network: nn.Module, task: ExportTask, path: Path, named: nn.Module | None = None) -> Path:
    """Trace with one record, freeze (weights become constants, normalisation is folded into convolutions), and save.

    The file names the layers of the task's network, or of `named`.

    Raises RuntimeError where the network cannot be traced.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch_layers.save(torch.jit.freeze(_traced(network, task)), path, dict((named or task.network).named_modules()))
    return path


def require_traceable(task: ExportTask) -> None:
    """Raise ModelError where a trace of the fp32 network is another network: where it keeps one branch of the code.

    The answer is kept in the scratch folder, for the other exporters.
    """
    answer = task.scratch / "traceable.txt"
    if not answer.exists():
        write_text(answer, _why_not(task))
    if reason := answer.read_text(encoding="utf-8"):
        raise ModelError(reason)


def _why_not(task: ExportTask) -> str:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            traced = _traced(task.network, task)
        except Exception as error:  # tracing runs the network's code, which may raise anything
            read = values_read(task)
            return f"it cannot be traced: {depends(read) if read else f'{type(error).__name__}: {first_line(error)}'}"
        try:
            require_same(task, traced, "the trace")
        except ModelError as error:
            return str(error)
    return ""


def _traced(network: nn.Module, task: ExportTask) -> Any:
    return torch.jit.trace(network.eval(), task.zeros(1), check_trace=False)  # type: ignore[no-untyped-call]
