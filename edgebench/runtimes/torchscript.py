"""TorchScript files on torch's own interpreter."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError, first_line
from edgebench.core.protocols import Session
from edgebench.core.results import OperatorTime
from edgebench.runtimes import torch_profile, torch_session


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
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript announces its removal at each call
            try:
                module = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
            except RuntimeError as error:
                raise ArtifactError(f"{path}: torch cannot load it: {first_line(error)}") from None
        return torch_session.TorchSession(module, device, artifact.feed)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """The time of each operator in a prediction."""
        return torch_profile.profile(self.load(path, artifact, device).predict, records)


RUNTIME = TorchScriptRuntime()
