"""Before it is quantized, what was traced or exported has to be the network itself, in fp32.

Afterwards a frozen branch would pass as an error of int8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgebench.core.errors import ModelError
from edgebench.core.protocols import ExportTask
from edgebench.models.forward_pass import Finding, watched

TOLERANCE = 1e-3
"""Largest difference of a logit, as a share of the batch's largest one (or of 1): large values amplify rounding."""


def require_same(task: ExportTask, run: Callable[..., Tensor], made: str) -> None:
    """Raise ModelError where `run` gives other logits than the network.

    Compared are the first check records, changes of these, and, where the network's code reads values of the records,
    all of them. `made` says in words what runs.
    """
    read = values_read(task)
    known: list[Tensor] = task.shared.setdefault("own logits", [])
    with torch.inference_mode():
        for number, (words, records) in enumerate(_inputs(task, every=bool(read))):
            if number == len(known):
                known.append(task.network(*records))
            if not _same(known[number], run(*records)):
                raise ModelError(f"{made} is not the network itself: its logits differ on {words}; {_cause(read)}")


def values_read(task: ExportTask) -> list[Finding]:
    """Where the network's code reads values of the records, as a condition does."""
    if "values read" not in task.shared:
        records = next((records for _, records in _inputs(task, every=False)))
        with torch.no_grad(), watched(*records) as found:
            task.network(*records)
        task.shared["values read"] = [finding for finding in found if finding.kind == "value"]
    found_before: list[Finding] = task.shared["values read"]
    return found_before


def depends(read: list[Finding]) -> str:
    """In words, what in the network's code cannot be exported."""
    return f"the network's code depends on the values of the records ({read[0]})"


def _cause(read: list[Finding]) -> str:
    return f"{depends(read)}, and only one branch is kept" if read else "its code depends on the shape of its input"


def _inputs(task: ExportTask, every: bool) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
    """Words and all inputs of some records; further inputs, which may be numbers of categories, stay as they are."""
    batches = task.check() if task.check else iter([_noise(task)])
    first, *further = (torch.from_numpy(one) for one in next(batches))
    yield "records", (first, *further)
    yield "zeros", (torch.zeros_like(first[:2]), *(one[:2] for one in further))
    yield "records with their sign changed", (-first, *further)
    yield "records ten times as large", (first * 10, *further)
    yield "records a tenth as large", (first / 10, *further)
    if every:
        for batch in batches:
            yield "records", tuple(torch.from_numpy(one) for one in batch)


def _noise(task: ExportTask) -> tuple[NDArray[np.float32], ...]:
    """Records of a task that has none."""
    first = np.random.default_rng(0).normal(0, 0.3, (2, *task.input.shape)).astype(np.float32)
    return first, *(np.zeros((2, *spec.shape), np.float32) for spec in task.further.values())


def _same(own: Tensor, other: Tensor) -> bool:
    """Whether logits are the same but for rounding; what is no number has to be so in both."""
    if own.shape != other.shape:
        return False
    largest = own[own.isfinite()].abs().max() if own.isfinite().any() else torch.zeros(())
    bound = TOLERANCE * max(1.0, float(largest))
    return bool(torch.allclose(own, other, rtol=0.0, atol=bound, equal_nan=True))
