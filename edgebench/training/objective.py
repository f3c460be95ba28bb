"""The training objective: labels, class weights, and a teacher."""

from __future__ import annotations

import json

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edgebench.core.class_order import answers_for
from edgebench.core.contracts import Progress, RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.files import cache_dir, replacing, sha256, sha256_of
from edgebench.core.name_order import permutation
from edgebench.core.recipe import Recipe
from edgebench.core.serialization import to_dict
from edgebench.models import store
from edgebench.models.external import own
from edgebench.tasks.statistics import probabilities
from edgebench.training.evaluation import predict
from edgebench.training.views import Outputs


def targets_of(
    records: RecordSet, recipe: Recipe, device: torch.device, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Labels (records, classes), or with a teacher also its probabilities: (records, 2 * classes).

    The teacher predicts each record once, whole and without augmentation. Raises ModelError where its classes differ
    from those of the records.
    """
    labels = records.labels.astype(np.float32)
    if not recipe.teacher:
        return labels
    model = store.find(recipe.teacher)
    if permutation(model.manifest.classes, records.classes) is None:
        raise ModelError(
            f"the teacher '{recipe.teacher}' has the classes {', '.join(model.manifest.classes)}, "
            f"and the records {', '.join(records.classes)}"
        )
    logits = _teacher_logits(model, records, device, progress)
    logits = answers_for(logits, model.manifest.classes, records.classes)
    soft = probabilities(logits.astype(np.float64) / recipe.temperature)
    return np.concatenate([labels, soft.astype(np.float32)], 1)


def _teacher_logits(
    model: store.TrainedModel, records: RecordSet, device: torch.device, progress: Progress | None
) -> NDArray[np.float32]:
    """A teacher's logits of the records, (records, classes); cached, since several trainings use the same teacher."""
    manifest = model.manifest
    key = sha256_of(
        manifest.weights_sha256, manifest.architecture, json.dumps(to_dict(manifest), sort_keys=True),
        json.dumps(own.hashes(manifest.architecture)), sha256(records.signals), records.ids.tobytes().hex(),
        device.type, torch.__version__,
    )  # fmt: skip
    cached = cache_dir() / f"teacher-{manifest.name}-{key[:16]}.npy"
    if not cached.is_file():
        with replacing(cached) as part:
            np.save(part, predict(store.network(model).to(device), records, progress))
    elif progress:
        progress(len(records), len(records))
    logits: NDArray[np.float32] = np.load(cached)
    return logits


def positive_weights(records: RecordSet, recipe: Recipe) -> Tensor | None:
    """The negative records of each class per positive one, shape (classes,); None without class weights."""
    if not recipe.class_weights:
        return None
    positive = records.labels.sum(0).clip(1)
    return torch.from_numpy(((len(records) - positive) / positive).astype(np.float32))


def loss(outputs: Outputs, targets: Tensor, recipe: Recipe, weights: Tensor | None) -> Tensor:
    """Binary cross-entropy with the labels; with a teacher `alpha * hard + (1 - alpha) * soft`.

    Distillation as in DeiT (Touvron et al., 2021): a distillation head learns from the teacher and the class head from
    the labels; a single head learns from both. The soft part is the cross-entropy with the teacher's probabilities at
    the recipe's temperature T, times T^2 (Hinton et al., 2015). Without a teacher both heads learn the labels.
    """
    first, second = outputs if isinstance(outputs, tuple) else (outputs, outputs)
    classes = first.shape[1]
    hard = functional.binary_cross_entropy_with_logits(first.float(), targets[:, :classes], pos_weight=weights)
    if recipe.teacher:
        temperature = recipe.temperature
        soft = functional.binary_cross_entropy_with_logits(second.float() / temperature, targets[:, classes:])
        return recipe.alpha * hard + (1 - recipe.alpha) * (soft * temperature**2)
    if second is first:
        return hard
    return (hard + functional.binary_cross_entropy_with_logits(second.float(), targets, pos_weight=weights)) / 2
