"""Learning from a teacher's features, not only from its five numbers a record.

Hint-based training: Romero et al., 2015, "FitNets: Hints for Thin Deep Nets", arXiv:1412.6550. A linear map from the
network's last feature map is asked for the teacher's at the same moment of the same view; the map is thrown away
afterwards. It says more about each record than five labels do.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.protocols import Architecture
from edgebench.core.recipe import Recipe
from edgebench.models import store
from edgebench.models.image import Window
from edgebench.models.transformer import PatchClassifier
from edgebench.training.views import forward


class Tap:
    """Keeps what a module of a network gave in the last forward pass."""

    def __init__(self, network: nn.Module, module: str) -> None:
        self.network, self.module = network, network.get_submodule(module)
        self.seen = torch.empty(0)

    def watch(self) -> RemovableHandle:
        """Look from now on, until the handle is removed."""
        return self.module.register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.seen = output

    def over_time(self, window: Window) -> Tensor:
        """The features as (batch, channels, length): the rows of an image are averaged."""
        if isinstance(self.network, PatchClassifier):
            return self.network.over_time(self.seen, window)
        return self.seen.mean(2) if self.seen.ndim == 4 else self.seen


class Hint(nn.Module):
    """The map from the network's features to the teacher's, and the distance between the two."""

    def __init__(self, network: nn.Module, architecture: Architecture, recipe: Recipe) -> None:
        """Raises ModelError where the network or the teacher has no feature map over time."""
        super().__init__()
        model = store.find(recipe.teacher)
        self._pair = [network, store.network(model).eval()]  # in a list: no part of this module's state
        names = (_module(architecture), _module(registry.architecture(model.manifest.architecture)))
        self._taps = [Tap(*pair) for pair in zip(self._pair, names, strict=True)]
        channels = _channels(self._pair, self._taps, architecture)
        self.adapter = nn.Sequential(nn.BatchNorm1d(channels[0]), nn.Conv1d(channels[0], channels[1], 1))

    def watch(self) -> None:
        """Look at the network from now on; after its copies were made, which should not look."""
        for tap in self._taps:
            tap.watch()

    def forward(self, signals: Tensor, window: Window) -> Tensor:
        """Mean squared distance for the signals (batch, leads, samples) in mV that the network saw last.

        The teacher's channels are standardised over the batch, so 1 is what a map that knows nothing has.
        """
        teacher = self._pair[1].to(signals.device)
        with torch.no_grad():
            forward(teacher, signals, window)
            wanted = self._taps[1].over_time(window).float()
        found = self._taps[0].over_time(window)
        length = min(found.shape[-1], wanted.shape[-1])
        found, wanted = (functional.adaptive_avg_pool1d(x, length) for x in (found, wanted))
        wanted = functional.batch_norm(wanted, None, None, training=True)
        return functional.mse_loss(self.adapter(found).float(), wanted)


def _module(architecture: Architecture) -> str:
    name = getattr(architecture, "features", "")
    if not name:
        raise ModelError(
            f"recipe: hint is not for '{architecture.name}', which names no last feature map; leave it out"
        )
    return str(name)


def _channels(networks: list[nn.Module], taps: list[Tap], architecture: Architecture) -> list[int]:
    """How many channels each feature map has, seen on a blank record."""
    window, found = Window(0, architecture.input.samples), []
    for network, tap in zip(networks, taps, strict=True):
        handle, was_training = tap.watch(), network.training
        with torch.no_grad():
            forward(network.eval(), torch.zeros(1, *architecture.input.shape), window)
        handle.remove()
        network.train(was_training)
        found.append(tap.over_time(window).shape[1])
        tap.seen = torch.empty(0)
    return found
