"""TorchScript files on torch's own interpreter."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError, first_line
from edgebench.runtimes import torch_layers, torch_profile, torch_session
from edgebench.runtimes.constants import Constants

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.file_facts import FileFacts, Layer, Program
    from edgebench.core.io_adapter import IOAdapter
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Session


class TorchScriptRuntime:
    """TorchScript files, by torch.jit."""

    format = "torchscript"
    several_inputs = True
    extra = "torch"
    modules = ("torch",)
    suffixes = (".pt", ".pth", ".ts")
    uses_engine = True
    ends_with = (
        "PyTorch has deprecated TorchScript and torch.ao.quantization; exports and files end with the torch that "
        "removes them"
    )

    def requirements(self, machine: str) -> tuple[str, ...]:
        """What pip installs."""
        return torch_session.requirements(machine)

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
        """Load one file; raises ArtifactError."""
        return torch_session.TorchSession(_loaded(path, device)[0], device, artifact.feed)

    def facts(self, path: Path) -> FileFacts:
        """Precision and type of the answer of a user's file, which declares no inputs."""
        from edgebench.core.file_facts import FileFacts
        from edgebench.runtimes import torch_file

        return FileFacts(torch_file.precision(path), returns=torch_file.returns(path), cuda=torch_file.on_cuda(path))

    def answers(self, path: Path, feed: IOAdapter, shapes: Sequence[Sequence[int]]) -> list[tuple[str | int, str]]:
        """The outputs for one record of zeros: (key or position, shape)."""
        import torch

        from edgebench.core import outputs

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        shape, *others = shapes
        further = dict(Constants(feed.constants, torch.from_numpy).of(1))
        for one, size in zip(feed.further, others, strict=True):
            further[one.name] = torch.zeros(1, *size, dtype=getattr(torch, one.dtype))
        with torch.inference_mode():
            answer = module(torch.zeros(1, *shape, dtype=getattr(torch, feed.dtype)), **further)
        found = outputs.parts(answer)
        keys = {0: answer} if found is None else found
        return [(key if isinstance(key, str | int) else str(key), outputs.shape(one)) for key, one in keys.items()]

    def layers(self, path: Path) -> Iterable[Layer]:
        """The layers that have weights."""
        from edgebench.runtimes import torch_weights

        return torch_weights.layers(path)

    def program(self, artifact: Artifact, device: str, engine: str, threads: int) -> Program:
        """A program with torch."""
        from edgebench.runtimes import torch_program

        return torch_program.program(artifact, device, engine, threads)

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
