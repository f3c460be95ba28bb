"""The start of a training: the network, its first weights, and the hashes of its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgebench.core import registry
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.files import sha256_of
from edgebench.core.inputs import InputSpec
from edgebench.core.protocols import Architecture
from edgebench.core.recipe import Recipe
from edgebench.data.stored import Values
from edgebench.models import building, pretrained, store
from edgebench.models.external import own

MOST_VALUES = 1 << 24
"""Values whose statistics are computed at once: 128 MiB in float64."""
RANDOM_WEIGHTS = "starts from random weights"


def new_network(
    architecture: Architecture, recipe: Recipe, outputs: int, spec: InputSpec, task: str = "",
    further: Mapping[str, InputSpec] | None = None,
) -> nn.Module:  # fmt: skip
    """The architecture's untrained network, or the model that the recipe starts from."""
    if not recipe.start:
        return building.build(architecture, outputs, spec, task, further)
    model = store.find(recipe.start)
    if model.manifest.architecture != architecture.name:
        raise ModelError(f"start: {recipe.start} is a {model.manifest.architecture}, not a {architecture.name}")
    return store.network(model)


def set_first_weights(network: nn.Module, architecture: Architecture, recipe: Recipe, training: RecordSet) -> str:
    """Set a new network's first weights and its normalisation; returns one line that names the weights."""
    if recipe.start:
        model = store.find(recipe.start)
        return f"continues from {model.manifest.name}, weights {model.manifest.weights_sha256[:12]}"
    source = RANDOM_WEIGHTS
    architecture.initialise(network)
    if architecture.pretrained and recipe.pretrained:
        source = pretrained.load_imagenet(network.get_submodule("backbone"), architecture.pretrained)
    architecture.fit_input(network, *statistics(training))
    _start_at_the_mean(network, training)
    return source


def earlier_epochs(recipe: Recipe) -> dict[str, int]:
    """The number of epochs that the weights of `start` were trained for."""
    if not recipe.start:
        return {}
    past = store.find(recipe.start).manifest.training
    return {"epochs_before": int(past.get("epochs", 0)) + int(past.get("epochs_before", 0))}


def compression_fields(recipe: Recipe) -> dict[str, Any]:
    """The fields of a compressed model's manifest that a training which starts from it preserves."""
    if not recipe.start:
        return {}
    before = store.find(recipe.start).manifest
    return {
        "variant": before.variant,
        "structure": before.structure,
        "quantization": before.quantization,
        "before": before.before,
        "compressed_from": before.compressed_from,
    }


def _start_at_the_mean(network: nn.Module, training: RecordSet) -> None:
    """Let a new network for quantities answer their mean at first: from zero, the way there costs many epochs."""
    task = registry.task(training.task)
    heads = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == len(training.classes)]
    if task.activation == "none" and heads and heads[-1].bias is not None:
        mean = task.rows(training.labels, len(training.classes)).mean(0, dtype=np.float64)
        heads[-1].bias.data.copy_(torch.from_numpy(mean.astype(np.float32)))


def statistics(records: RecordSet) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each channel, or else of each position along the first axis, over all records."""
    spec, found = records.input.spec, Values(records.input)
    axis = spec.channel_axis
    others, positions = tuple(n for n in range(len(spec.shape) + 1) if n != axis + 1), spec.shape[axis]
    total, squares = np.zeros(positions), np.zeros(positions)
    size = max(1, min(1024, MOST_VALUES // math.prod(spec.shape)))
    for start in range(0, len(found), size):
        part = found.exact(slice(start, start + size))
        total += part.sum(others)
        squares += (part**2).sum(others)
    count = len(found) * math.prod(spec.shape) // positions
    mean = total / count
    return mean.astype(np.float32), np.sqrt(squares / count - mean**2).astype(np.float32)


def input_hashes(architecture: str, recipe: Recipe) -> dict[str, str]:
    """Hashes of the weights and of the user's code that the training uses."""
    used = {"teacher": recipe.teachers, "start": (recipe.start,) if recipe.start else ()}
    found = {
        f"{role}_sha256": ",".join(store.find(name).manifest.weights_sha256 for name in names)
        for role, names in used.items()
        if names
    }
    return found | own.hashes(architecture)


def records_hash(*parts: RecordSet) -> str:
    """Hash of the identifiers and labels of the records."""
    return sha256_of(*(p.label + p.ids.tobytes().hex() + p.labels.tobytes().hex() for p in parts))
