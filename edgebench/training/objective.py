"""The training objective: targets, class weights, and a teacher."""

from __future__ import annotations

import json

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgebench.core import registry
from edgebench.core.class_order import answers_for
from edgebench.core.contracts import Progress
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.files import cache_dir, replacing, sha256_of
from edgebench.core.name_order import permutation
from edgebench.core.recipe import Recipe
from edgebench.core.serialization import to_dict
from edgebench.core.tasks import Task
from edgebench.models import store
from edgebench.models.external import own
from edgebench.training.evaluation import predict
from edgebench.training.views import Outputs


def targets_of(
    records: RecordSet, recipe: Recipe, device: torch.device, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Targets (records, outputs), or with a teacher also its softened outputs: (records, 2 * outputs).

    Each teacher predicts each record once, whole and without augmentation; of several the mean is learned. Raises
    ModelError where a teacher's classes differ from those of the records.
    """
    task = registry.task(records.task)
    rows = task.rows(records.labels, len(records.classes))
    if not recipe.teachers:
        return rows
    soft = [_softened(name, records, recipe.temperature, device, progress) for name in recipe.teachers]
    return np.concatenate([rows, np.mean(soft, 0, np.float32)], 1)


def _softened(
    teacher: str, records: RecordSet, temperature: float, device: torch.device, progress: Progress | None
) -> NDArray[np.float32]:
    """One teacher's softened outputs in the order of the records' classes."""
    model = store.find(teacher)
    if permutation(model.manifest.classes, records.classes) is None:
        raise ModelError(
            f"the teacher '{teacher}' has the classes {', '.join(model.manifest.classes)}, "
            f"and the records {', '.join(records.classes)}"
        )
    logits = _teacher_logits(model, records, device, progress)
    logits = answers_for(logits, model.manifest.classes, records.classes)
    return registry.task(records.task).soften(logits, temperature)


def _teacher_logits(
    model: store.TrainedModel, records: RecordSet, device: torch.device, progress: Progress | None
) -> NDArray[np.float32]:
    """A teacher's outputs of the records, (records, outputs); cached, since several trainings use the same teacher."""
    manifest = model.manifest
    key = sha256_of(
        manifest.weights_sha256, manifest.architecture, json.dumps(to_dict(manifest), sort_keys=True),
        json.dumps(own.hashes(manifest.architecture)), *records.content,
        device.type, torch.__version__,
    )  # fmt: skip
    cached = cache_dir() / f"teacher-{manifest.name}-{key[:16]}.npy"
    if not cached.is_file():
        taken = records.taking(manifest.further)
        with replacing(cached) as part:
            np.save(part, predict(store.network(model).to(device), taken, progress))
    elif progress:
        progress(len(records), len(records))
    logits: NDArray[np.float32] = np.load(cached)
    return logits


def class_weights(records: RecordSet, recipe: Recipe) -> Tensor | None:
    """The task's weights of the classes, shape (outputs,); None without class weights.

    Raises ModelError where the task has none.
    """
    if not recipe.class_weights:
        return None
    task = registry.task(records.task)
    found = task.class_weights(task.rows(records.labels, len(records.classes)))
    if found is None:
        raise ModelError(f"recipe: class_weights does not apply to the task '{task.name}'; omit it")
    return torch.from_numpy(found)


def loss(task: Task, outputs: Outputs, targets: Tensor, recipe: Recipe, weights: Tensor | None) -> Tensor:
    """The task's loss with the targets; with a teacher `alpha * hard + (1 - alpha) * soft`.

    Distillation as in DeiT (Touvron et al., 2021): a distillation head learns from the teacher and the class head from
    the targets; a single head learns from both. The soft part is the task's loss with the teacher's outputs at the
    recipe's temperature T, times T^2 (Hinton et al., 2015). Without a teacher both heads learn the targets.
    """
    first, second = outputs if isinstance(outputs, tuple) else (outputs, outputs)
    width = first.shape[1]
    hard = task.loss(first.float(), targets[:, :width], weights)
    if recipe.teacher:
        temperature = recipe.temperature
        soft = task.loss(second.float() / temperature, targets[:, width:], None)
        return recipe.alpha * hard + (1 - recipe.alpha) * (soft * temperature**2)
    if second is first:
        return hard
    return (hard + task.loss(second.float(), targets, weights)) / 2
