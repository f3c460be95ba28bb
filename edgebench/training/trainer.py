"""The epochs of a training."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgebench.core import registry
from edgebench.core.datasets import RecordSet
from edgebench.core.recipe import Recipe
from edgebench.data.augment import augment
from edgebench.data.stored import Batches
from edgebench.isolation import interrupts
from edgebench.quantization import qat
from edgebench.training import views
from edgebench.training.devices import Precision
from edgebench.training.objective import class_weights, loss
from edgebench.training.state import OnStep, State


def records_of_epoch(recipe: Recipe, count: int) -> int:
    """How many of `count` training records an epoch sees."""
    return min(count, recipe.training_records or count)


class Trainer:
    """Runs the epochs of one training."""

    def __init__(self, state: State, records: RecordSet, targets: NDArray[np.float32], precision: Precision) -> None:
        self.state, self.precision, self.device = state, precision, precision.device
        self.values, self.targets = Batches(*records.inputs), targets
        self.task = registry.task(records.task)
        weights = class_weights(records, state.recipe)
        self.weights = None if weights is None else weights.to(self.device)
        if state.hint:
            state.hint.attach()

    def epoch(self, on_step: OnStep | None) -> float:
        """One pass over the records, or as many of them as the recipe says; returns the mean loss."""
        state, size = self.state, self.state.recipe.batch_size
        order = torch.randperm(len(self.targets), generator=state.random).numpy()
        order = order[: records_of_epoch(state.recipe, len(order))]
        steps = len(order) // size
        state.network.train()
        if state.hint:
            state.hint.adapter.train()
        total = 0.0
        for step in range(steps):
            interrupts.check()
            qat.freeze(state.network, (state.epoch * steps + step) / (state.recipe.epochs * steps))
            total += self._step(np.sort(order[step * size : (step + 1) * size]))
            state.update_average(state.epoch * steps + step)
            if on_step:
                on_step(step + 1, steps, state.epoch)
        return total / steps

    def _step(self, rows: NDArray[np.int64]) -> float:
        state, recipe = self.state, self.state.recipe
        inputs = tuple(torch.from_numpy(one) for one in self.values[rows])
        window = views.choose_window(recipe, state.epoch, inputs[0].shape[-1], state.random)
        inputs, targets = augment(inputs, torch.from_numpy(self.targets[rows]), recipe, state.random)
        signals, *further = (one.to(self.device) for one in inputs)
        with self.precision.forward():
            outputs = views.forward(state.network, signals, window, *further)
            hint = recipe.hint * state.hint(signals, window) if state.hint else 0.0
        value: Tensor = loss(self.task, outputs, targets.to(self.device), recipe, self.weights) + hint
        self.precision.backward(value, state.network, state.optimizer, recipe.gradient_clip)
        state.schedule.step()
        state.restore_zeros()
        return value.item()
