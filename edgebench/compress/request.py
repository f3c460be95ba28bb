"""Asks a process of its own to compress a model, so that the run needs no torch and survives what goes wrong there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgebench.core.contracts import Outcome
from edgebench.core.files import require_space
from edgebench.core.results import Compressed
from edgebench.core.serialization import to_dict
from edgebench.core.settings import FineTuning
from edgebench.isolation import forking
from edgebench.isolation.process import ChildError, ask


@dataclass(frozen=True)
class CompressRequest:
    """What is asked for."""

    model: str
    """A shipped model's name, or the path of a manifest."""
    variant: str
    folder: str
    """Where manifest and weights go."""
    base: str
    """Manifest of the model after the first compressions of a chain; empty to start from `model`."""
    dataset: str
    directory: str
    """The dataset's folder; empty for none."""
    calibration: int
    """Training records to calibrate on, at most."""
    skip_bad: bool
    seed: int
    tuning: FineTuning
    options: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    """The task that the user chose instead of the dataset's own."""


def compress(request: CompressRequest, timeout_s: float, detail: Callable[[str], None]) -> Outcome[Compressed]:
    """Compress a model; `detail` is called with how far a fine-tuning is. Raises DiskFull."""
    try:
        for answer in ask("edgebench.compress.process", to_dict(request), timeout_s, server=forking.current()):
            if "manifest" in answer:
                return Outcome("ok", result=Compressed(Path(answer["manifest"]).name))
            if "unsupported" in answer:
                return Outcome("unsupported", answer["unsupported"])
            if "error" in answer:
                return Outcome("failed", f"compress: {answer['error']}")
            detail(answer["doing"])
    except ChildError as failure:
        require_space(Path(request.folder).parent)
        return Outcome("timeout" if failure.timeout else "failed", f"compress: {failure}")
    return Outcome("failed", "compress: the process ended without an answer")
