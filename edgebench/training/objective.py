"""What a network is judged by while it is trained: labels, class weights, and a teacher."""

from __future__ import annotations

import json

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edgebench.core.contracts import Progress, RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.files import cache_dir, replacing, sha256, sha256_of
from edgebench.core.recipe import Recipe
from edgebench.core.serialization import to_dict
from edgebench.models import store
from edgebench.models.external import own
from edgebench.training.evaluation import predict
from edgebench.training.views import Outputs


def targets_of(
    records: RecordSet, recipe: Recipe, place: torch.device, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Labels, and beside them the teacher's probabilities where there is one: (records, classes or twice as many).

    The teacher sees each record whole and unchanged, once. Raises ModelError where its classes are others.
    """
    labels = records.labels.astype(np.float32)
    if not recipe.teacher:
        return labels
    model = store.find(recipe.teacher)
    if model.manifest.classes != records.classes:
        raise ModelError(
            f"the teacher '{recipe.teacher}' has the classes {', '.join(model.manifest.classes)}, "
            f"and the records {', '.join(records.classes)}"
        )
    logits = _logits_of(model, records, place, progress)
    soft = 1 / (1 + np.exp(-logits.astype(np.float64) / recipe.temperature))
    return np.concatenate([labels, soft.astype(np.float32)], 1)


def _logits_of(
    model: store.TrainedModel, records: RecordSet, place: torch.device, progress: Progress | None
) -> NDArray[np.float32]:
    """What a teacher says of the records, (records, classes); kept in the cache, since trainings share teachers."""
    told = model.manifest
    asked = [
        told.weights_sha256, told.architecture, json.dumps(to_dict(told), sort_keys=True),
        json.dumps(own.hashes(told.architecture)), sha256(records.signals), records.ids.tobytes().hex(),
        place.type, torch.__version__,
    ]  # fmt: skip
    kept = cache_dir() / f"teacher-{told.name}-{sha256_of(*asked)[:16]}.npy"
    if not kept.is_file():
        with replacing(kept) as part:
            np.save(part, predict(store.network(model).to(place), records, place, progress))
    elif progress:
        progress(len(records), len(records))
    logits: NDArray[np.float32] = np.load(kept)
    return logits


def positive_weights(records: RecordSet, recipe: Recipe) -> Tensor | None:
    """For each class its negative records for each positive one, shape (classes,); None where not asked for."""
    if not recipe.class_weights:
        return None
    positive = records.labels.sum(0).clip(1)
    return torch.from_numpy(((len(records) - positive) / positive).astype(np.float32))


def loss(outputs: Outputs, targets: Tensor, recipe: Recipe, weights: Tensor | None) -> Tensor:
    """Binary cross-entropy of the labels, and with a teacher `alpha * hard + (1 - alpha) * soft`.

    Distillation as in DeiT (Touvron et al., 2021): a network with a distillation head gives that head to the teacher;
    one with a single head learns from both with it. The soft part is cross-entropy with the teacher's probabilities at
    the recipe's temperature T, times T^2 (Hinton et al., 2015). Without a teacher both heads learn the labels.
    """
    own, other = outputs if isinstance(outputs, tuple) else (outputs, outputs)
    classes = own.shape[1]
    hard = functional.binary_cross_entropy_with_logits(own.float(), targets[:, :classes], pos_weight=weights)
    if recipe.teacher:
        heat = recipe.temperature
        soft = functional.binary_cross_entropy_with_logits(other.float() / heat, targets[:, classes:]) * heat**2
        return recipe.alpha * hard + (1 - recipe.alpha) * soft
    if other is own:
        return hard
    return (hard + functional.binary_cross_entropy_with_logits(other.float(), targets, pos_weight=weights)) / 2
