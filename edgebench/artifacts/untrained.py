"""Make models with random weights of architectures. Run as `python -m edgebench.artifacts.untrained`.

The architectures may be the user's code, and need torch: the harness asks this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.core import registry
from edgebench.core.errors import DiskFull, EdgeBenchError, ModelError, Unsupported, first_line
from edgebench.core.expected import Expected
from edgebench.core.problems import InvalidValue
from edgebench.core.serialization import from_dict
from edgebench.isolation.child import answer_with
from edgebench.models import building, store
from edgebench.models import card as cards
from edgebench.models.external import own, trial


@dataclass(frozen=True)
class UntrainedRequest:
    """The request to this process."""

    specs: dict[str, str]
    """The architectures, each with the name of its model; empty for its own."""
    folder: str
    """The folder for manifests and weights."""
    wanted: Expected
    """The records that they are for."""
    seed: int


def make(spec: str, name: str, request: UntrainedRequest) -> Path:
    """Write the manifest and the random weights of one architecture; returns the manifest's path.

    Raises Unsupported where it does not fit the records, and ModelError.
    """
    import torch

    wanted, architecture = request.wanted, registry.architecture(spec)
    card = architecture.card if isinstance(architecture, own.OwnArchitecture) else cards.Card()
    try:
        classes = card.outputs(wanted)
    except InvalidValue as error:
        raise Unsupported(f"{spec}: {error}") from None
    torch.manual_seed(request.seed)
    if isinstance(architecture, own.OwnArchitecture):
        taken, further = wanted.input, architecture.further(len(classes), wanted)
    else:
        try:
            taken, further = building.input_for(architecture, wanted.input, wanted.label), {}
        except ModelError as error:
            raise Unsupported(str(error)) from None
    try:
        network = building.build(architecture, len(classes), taken, wanted.task, further).eval()
        architecture.initialise(network)
    except EdgeBenchError:
        raise
    except Exception as error:  # a library refuses an input of this size in its own way
        raise ModelError(f"{spec}: cannot be built: {type(error).__name__}: {first_line(error)[:200]}") from None
    trial.require_outputs(network, taken, classes, spec, further)
    Path(request.folder).mkdir(parents=True, exist_ok=True)
    manifest = {
        "name": name or card.name or store.stem(spec), "architecture": own.absolute(spec), "classes": classes,
        "thresholds": (0.5,) * len(classes) if cards.decides(wanted.task) else (), "input": taken, "further": further,
        "task": wanted.task, "unit": wanted.unit, "parameters": sum(p.numel() for p in network.parameters()),
        "license": "random weights", "scores": {},
        "training": {store.UNTRAINED: True, "seed": request.seed, **own.hashes(spec)},
    }  # fmt: skip
    return store.save(network, Path(request.folder), manifest)


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    asked = from_dict(UntrainedRequest, request)
    for spec, name in asked.specs.items():
        try:
            yield {"spec": spec, "manifest": str(make(spec, name, asked))}
        except DiskFull:
            raise
        except EdgeBenchError as error:
            yield {"spec": spec, "error": str(error), "fits": not isinstance(error, Unsupported)}


if __name__ == "__main__":
    answer_with(_handle)
