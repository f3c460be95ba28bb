"""Weights in safetensors, run by the architecture's own Python code: the baseline that was not exported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.errors import ArtifactError, ModelError
from edgebench.models import building, structure
from edgebench.runtimes import torch_profile, torch_session

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import Layer
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Session


class EagerRuntime:
    """Weights in safetensors, by PyTorch in eager mode."""

    format = "eager"
    several_inputs = True
    extra = "torch"
    modules = ("torch", "safetensors")
    packages = ("torch",)
    rebuilds = True

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs; a network may need the packages of its architecture, too."""
        return (*torch_session.requirements(machine), "safetensors>=0.4")

    def supports(self, device: str, engine: str, machine: str) -> str:
        """Why no machine of an architecture can run it."""
        return torch_session.supports(machine)

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return torch_session.unavailable(device, engine)

    def start(self, threads: int, engine: str) -> None:
        """Import torch and set it up."""
        torch_session.start(threads, engine)

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Build the network by its architecture's name and load its weights; raises ArtifactError."""
        return torch_session.TorchSession(_network(path, artifact, device), device)

    def layers(self, path: Path) -> Iterator[Layer]:
        """The layers that have weights."""
        from safetensors.numpy import load_file

        from edgebench.core.file_facts import Layer

        for name, tensor in load_file(path).items():
            if name.endswith("weight") and tensor.ndim > 1 and tensor.dtype.kind == "f":
                yield Layer(name.removesuffix(".weight"), tensor.astype(np.float32), 8 * tensor.dtype.itemsize)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """The time of each operator of each layer in a prediction."""
        network = _network(path, artifact, device)
        torch_profile.mark_layers(network)
        return torch_profile.profile(torch_session.TorchSession(network, device).predict, records)


def _network(path: Path, artifact: Artifact, device: str) -> nn.Module:
    """The network of a file; raises ArtifactError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    architecture = registry.architecture(artifact.architecture)
    try:
        network = building.build(architecture, len(artifact.classes), artifact.input, artifact.task, artifact.further)
        state = load_file(path)
        if artifact.structure:
            structure.apply(network, artifact.structure, state)
        network.load_state_dict(state)
    except (RuntimeError, SafetensorError, ModelError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise ArtifactError(f"{path}: its weights do not fit {artifact.architecture}: {reason}") from None
    return network.eval().to(device)


RUNTIME = EagerRuntime()
