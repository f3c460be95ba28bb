"""Distillation of a teacher's features, in addition to its probabilities.

Hint-based training: Romero et al., 2015, "FitNets: Hints for Thin Deep Nets", arXiv:1412.6550. A linear map from the
network's last feature map learns to predict the teacher's feature map of the same window, position by position in time;
the training discards the map at its end. Features carry more information on a record than its labels do.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.core.protocols import Architecture
from edgebench.core.recipe import Recipe
from edgebench.models import store
from edgebench.models.image import Window
from edgebench.models.transformer import PatchClassifier
from edgebench.training.views import forward


class FeatureTap:
    """Stores the output of one module of a network in the last forward pass."""

    def __init__(self, network: nn.Module, module: str) -> None:
        self.network, self.module = network, network.get_submodule(module)
        self.output = torch.empty(0)

    def attach(self) -> RemovableHandle:
        """Store the module's outputs from now on, until the handle is removed."""
        return self.module.register_forward_hook(self._store)

    def _store(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.output = output

    def over_time(self, window: Window) -> Tensor:
        """The features as (batch, channels, length), averaged over the rows of an image."""
        if isinstance(self.network, PatchClassifier):
            return self.network.over_time(self.output, window)
        return self.output.mean(2) if self.output.ndim == 4 else self.output


class Hint(nn.Module):
    """The linear map from the network's features to the teacher's, and the distance between the two."""

    def __init__(self, network: nn.Module, architecture: Architecture, recipe: Recipe, spec: InputSpec) -> None:
        """Raises ModelError where the network or the teacher has no feature map over time."""
        super().__init__()
        model = store.find(recipe.teacher)
        self._networks = [network, store.network(model).eval()]  # a list: excluded from this module's state
        names = (_module(architecture), _module(registry.architecture(model.manifest.architecture)))
        self._taps = [FeatureTap(*pair) for pair in zip(self._networks, names, strict=True)]
        channels = _channels(self._networks, self._taps, spec)
        self.adapter = nn.Sequential(nn.BatchNorm1d(channels[0]), nn.Conv1d(channels[0], channels[1], 1))

    def attach(self) -> None:
        """Store features from now on; called after the network was copied, so that the copies have no hooks."""
        for tap in self._taps:
            tap.attach()

    def forward(self, signals: Tensor, window: Window) -> Tensor:
        """Mean squared distance on the signals (batch, leads, samples) in mV of the network's last forward pass.

        The teacher's channels are standardised over the batch, so an untrained map has a distance of about 1.
        """
        teacher = self._networks[1].to(signals.device)
        with torch.no_grad():
            forward(teacher, signals, window)
            target = self._taps[1].over_time(window).float()
        features = self._taps[0].over_time(window)
        length = min(features.shape[-1], target.shape[-1])
        features, target = (functional.adaptive_avg_pool1d(x, length) for x in (features, target))
        target = functional.batch_norm(target, None, None, training=True)
        return functional.mse_loss(self.adapter(features).float(), target)


def _module(architecture: Architecture) -> str:
    name = getattr(architecture, "features", "")
    if not name:
        raise ModelError(
            f"recipe: hint does not apply to '{architecture.name}', which names no last feature map; omit it"
        )
    return str(name)


def _channels(networks: list[nn.Module], taps: list[FeatureTap], spec: InputSpec) -> list[int]:
    """The number of channels of each feature map, from a forward pass of a blank record."""
    window, channels = Window(0, spec.shape[-1]), []
    for network, tap in zip(networks, taps, strict=True):
        handle, was_training = tap.attach(), network.training
        with torch.no_grad():
            forward(network.eval(), torch.zeros(1, *spec.shape), window)
        handle.remove()
        network.train(was_training)
        channels.append(tap.over_time(window).shape[1])
        tap.output = torch.empty(0)
    return channels
