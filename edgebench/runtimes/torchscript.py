"""TorchScript files on torch's own interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError, first_line
from edgebench.runtimes import torch_layers, torch_profile, torch_session

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Session


class TorchScriptRuntime:
    """TorchScript files, by torch.jit."""

    format = "torchscript"
    several_inputs = True

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return torch_session.unavailable(device, engine)

    def start(self, threads: int, engine: str) -> None:
        """Import torch and set it up."""
        torch_session.start(threads, engine)

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one file; raises ArtifactError."""
        return torch_session.TorchSession(_loaded(path, device)[0], device, artifact.feed)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """The time of each operator of each layer in a prediction."""
        module, layers = _loaded(path, device)
        return torch_profile.profile(torch_session.TorchSession(module, device, artifact.feed).predict, records, layers)


def _loaded(path: Path, device: str) -> tuple[Any, torch_layers.Layers]:
    """The module of a file and the layers of its operators; raises ArtifactError."""
    try:
        return torch_layers.load(path, device)
    except RuntimeError as error:
        raise ArtifactError(f"{path}: torch cannot load it: {first_line(error)}") from None


RUNTIME = TorchScriptRuntime()
