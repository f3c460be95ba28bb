"""Weights in safetensors, run by the architecture's own Python code: the baseline that was not exported."""

from __future__ import annotations

from pathlib import Path

from edgebench import registry
from edgebench.contracts import Artifact
from edgebench.errors import ArtifactError
from edgebench.protocols import Session
from edgebench.runtimes import torch_session


class EagerRuntime:
    """torch in eager mode."""

    format = "eager"

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return torch_session.unavailable(device, engine)

    def start(self, threads: int, engine: str) -> None:
        """Import torch and set it up."""
        torch_session.start(threads, engine)

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Build the network by its architecture's name and load its weights; raises ArtifactError."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        network = registry.architecture(artifact.architecture).build(len(artifact.classes))
        try:
            network.load_state_dict(load_file(path))
        except (RuntimeError, SafetensorError) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise ArtifactError(f"{path}: its weights do not fit {artifact.architecture}: {reason}") from None
        return torch_session.TorchSession(network.eval().to(device), device)


RUNTIME = EagerRuntime()
