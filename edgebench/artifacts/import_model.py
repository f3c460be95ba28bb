"""Import the user's network as a model with a manifest. Run as `python -m edgebench.artifacts.import_model`.

The network's code is the user's: its output, imports and crashes stay in that process.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.errors import DiskFull, EdgeBenchError, ModelError, first_line
from edgebench.core.files import safe_name, sha256
from edgebench.core.inputs import InputSpec, StoredInput
from edgebench.core.io_adapter import shown_shape
from edgebench.core.name_order import permutation
from edgebench.core.outputs import WrongOutput
from edgebench.core.serialization import from_dict
from edgebench.data.stored import Values
from edgebench.isolation import memory_limit
from edgebench.isolation.process import answer_with, say
from edgebench.models import card as cards
from edgebench.models import store
from edgebench.models.card import Card
from edgebench.models.external import own
from edgebench.models.external.foreign_weights import read_weights
from edgebench.models.external.loading import load_into
from edgebench.models.prediction import predict
from edgebench.tasks.statistics import best_thresholds, probabilities

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
    input: StoredInput | None = None
    """Records of the validation fold to choose thresholds on; None to take the card's."""
    labels: str = ""
    """A .npy file of their labels, shape (records, classes)."""
    classes: tuple[str, ...] = ()
    """Names of the labels' columns."""
    dataset: str = ""


def import_model(request: ImportRequest) -> Path:
    """Write a manifest and weights in safetensors; returns the manifest's path. Raises ModelError."""
    path, _ = own.split(request.spec)
    card = cards.read(path, ModelError, tuned=request.input is not None)
    order = permutation(request.classes, card.classes)
    if request.input and order is None:
        raise ModelError(
            f"{path.with_suffix('.toml')}: has the classes {', '.join(card.classes)}, and {request.dataset} "
            f"{', '.join(request.classes)}: thresholds cannot be chosen on it"
        )
    name = card.name or safe_name(path.stem)
    if not store.NAME.fullmatch(name):
        raise ModelError(f"{path}: '{name}' cannot be the name of a model: set another name in {path.stem}.toml")
    architecture = registry.architecture(request.spec)
    network = architecture.build(len(card.classes)).eval()
    inner = network.get_submodule("network")
    with memory_limit.bounded(memory_limit.for_file(Path(request.weights))):
        weights = read_weights(Path(request.weights))
    notes = [*weights.notes, *load_into(inner, weights.state, request.weights, request.spec)]
    _try(network, card, request.spec, architecture.input)
    thresholds, records = card.thresholds, 0
    if request.input:
        labels = np.load(request.labels)[:, list(order or ())]
        thresholds = best_thresholds(labels, probabilities(_logits(network, request.input)))
        records = len(labels)
    Path(request.folder).mkdir(parents=True, exist_ok=True)
    fold = f"chosen on {records} records of the validation fold of {request.dataset}"
    provenance = {
        "source": request.spec, **own.hashes(request.spec), "weights": request.weights,
        "weights_sha256": sha256(Path(request.weights)), "thresholds": fold if records else "from its card",
        **({WEIGHTS_CHANGED: notes} if notes else {}),
    }  # fmt: skip
    manifest = {
        "name": name, "architecture": own.absolute(request.spec),
        "classes": card.classes, "thresholds": thresholds, "input": architecture.input,
        "parameters": sum(p.numel() for p in network.parameters()), "license": card.license,
        "training": provenance, "scores": {},
    }  # fmt: skip
    return store.save(network, Path(request.folder), manifest)


def _try(network: nn.Module, card: Card, spec: str, taken: InputSpec) -> None:
    """Predict two records of zeros; raises ModelError where the network rejects them or its output is wrong."""
    import torch

    shape = shown_shape(("batch", *card.shape))
    further = "".join(f" and {name} (batch, {len(values)})" for name, values in card.constants.items())
    try:
        with torch.inference_mode():
            answer = network(torch.zeros(2, *taken.shape))
    except WrongOutput as error:
        raise ModelError(f"{spec}: {error}") from None
    except Exception as error:
        reason = first_line(error)
        raise ModelError(f"{spec}: does not take {shape}{further}: {reason[:160]}; {_way_out(network)}") from None
    got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
    if got != (2, len(card.classes)):
        raise ModelError(f"{spec}: gives {got} for 2 records, not (2, {len(card.classes)}): its TOML file has "
                         f"{len(card.classes)} classes")  # fmt: skip


def _way_out(network: nn.Module) -> str:
    """What to set in the card of a network that does not take the signals."""
    parameters = inspect.signature(network.get_submodule("network").forward).parameters.values()
    needed = [
        p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    given = set(getattr(network, "further", ()))
    missing = [name for name in needed[1:] if name not in given]
    if missing:
        words = "give its further inputs a value in its TOML file, the same for all records: [constants]"
        return f"{words} {missing[0]} = [...]"
    return (
        "set layout under [input] in its TOML file where it takes another order, and leads = [...] where it takes "
        "fewer leads"
    )


def _logits(network: nn.Module, stored: StoredInput) -> NDArray[np.float32]:
    def report(done: int, total: int) -> None:
        say({"done": done, "total": total})  # so that a slow network does not run into the parent's timeout

    return predict(network, Values(stored), BATCH, progress=report)


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        yield {"manifest": str(import_model(from_dict(ImportRequest, request)))}
    except DiskFull:
        raise
    except EdgeBenchError as error:
        yield {"error": str(error)}


if __name__ == "__main__":
    answer_with(_handle)
