"""Import the user's network as a model with a manifest. Run as `python -m edgebench.artifacts.import_model`.

The network's code is the user's: its output, imports and crashes stay in that process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.errors import DiskFull, EdgeBenchError, ModelError
from edgebench.core.expected import Expected
from edgebench.core.files import safe_name, sha256
from edgebench.core.inputs import StoredInput
from edgebench.core.name_order import permutation
from edgebench.core.problems import InvalidValue
from edgebench.core.serialization import from_dict
from edgebench.data.stored import Batches
from edgebench.isolation import memory_limit
from edgebench.isolation.child import answer_with, say
from edgebench.models import building, store
from edgebench.models import card as cards
from edgebench.models.external import own, trial
from edgebench.models.external.foreign_weights import read_weights
from edgebench.models.external.loading import load_into
from edgebench.models.prediction import predict

if TYPE_CHECKING:
    from torch import nn

BATCH = 16
WEIGHTS_CHANGED = "weights_changed"
"""In a manifest's `training`: what was done to the user's weights to make them fit, in words."""


@dataclass(frozen=True)
class ImportRequest:
    """The request to the import process."""

    spec: str
    """path/to/file.py:build"""
    weights: str
    folder: str
    """The folder for manifest and weights."""
    wanted: Expected
    """The records that it is for."""
    input: StoredInput | None = None
    """Validation records to choose thresholds on; None to take the card's."""
    further: tuple[StoredInput, ...] = ()
    """Their further inputs."""
    labels: str = ""
    """A .npy file of their targets, with the outputs of `wanted`."""


def import_model(request: ImportRequest) -> Path:
    """Write a manifest and weights in safetensors; returns the manifest's path. Raises ModelError."""
    path, _ = own.split(request.spec)
    card = cards.read(path, ModelError, request.input is not None, request.wanted.task, request.wanted.classes)
    wanted = card.expected(request.wanted)
    try:
        classes = card.outputs(wanted)
    except InvalidValue as error:
        raise ModelError(f"{path.with_suffix('.toml')}: {error}") from None
    order = permutation(wanted.classes, classes)
    if request.input and order is None:
        raise ModelError(
            f"{path.with_suffix('.toml')}: has the classes {', '.join(classes)}, and {wanted.label} "
            f"{', '.join(wanted.classes)}: thresholds cannot be chosen on it"
        )
    name = card.name or safe_name(path.stem)
    if not store.NAME.fullmatch(name):
        raise ModelError(f"{path}: '{name}' cannot be the name of a model: set another name in {path.stem}.toml")
    architecture = registry.architecture(request.spec)
    further = building.further_for(architecture, replace(wanted, classes=classes))
    network = building.build(architecture, len(classes), wanted.input, wanted.task, further).eval()
    inner = network.get_submodule("network")
    with memory_limit.bounded(memory_limit.for_file(Path(request.weights))):
        weights = read_weights(Path(request.weights))
    notes = [*weights.notes, *load_into(inner, weights.state, request.weights, request.spec)]
    trial.require_outputs(network, wanted.input, classes, request.spec, further)
    thresholds, records = card.thresholds, 0
    if request.input and cards.decides(wanted.task):
        labels = np.load(request.labels)[:, list(order or ())]
        others = [one for one in request.further if one.name in further]
        thresholds = registry.task(wanted.task).fit(labels, _logits(network, request.input, *others))
        records = len(labels)
    Path(request.folder).mkdir(parents=True, exist_ok=True)
    fold = f"chosen on {records} records of the validation fold of {wanted.label}"
    provenance = {
        "source": request.spec, **own.hashes(request.spec), "weights": request.weights,
        "weights_sha256": sha256(Path(request.weights)),
        **({"thresholds": fold if records else "from its card"} if thresholds else {}),
        **({WEIGHTS_CHANGED: notes} if notes else {}),
    }  # fmt: skip
    manifest = {
        "name": name, "architecture": own.absolute(request.spec),
        "classes": classes, "thresholds": thresholds, "input": wanted.input, "further": further,
        "task": wanted.task, "unit": wanted.unit,
        "parameters": sum(p.numel() for p in network.parameters()), "license": card.license,
        "training": provenance, "scores": {},
    }  # fmt: skip
    return store.save(network, Path(request.folder), manifest)


def _logits(network: nn.Module, *inputs: StoredInput) -> NDArray[np.float32]:
    def report(done: int, total: int) -> None:
        say({"done": done, "total": total})  # so that a slow network does not run into the parent's timeout

    return predict(network, Batches(*inputs), BATCH, progress=report)


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        yield {"manifest": str(import_model(from_dict(ImportRequest, request)))}
    except DiskFull:
        raise
    except EdgeBenchError as error:
        yield {"error": str(error)}


if __name__ == "__main__":
    answer_with(_handle)
