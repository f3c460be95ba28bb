"""Networks on the raw signal: how to build them, and their recipes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgebench.core.inputs import InputSpec
from edgebench.core.recipe import Recipe
from edgebench.data.signals import ecg
from edgebench.models.layers import fit_standardise


@dataclass
class SignalArchitecture:
    """A one-dimensional network; its recipe's `crop` cuts the signal."""

    name: str
    recipe: Recipe
    make: Callable[[int, int], nn.Module]
    """Returns the untrained network for (leads, classes)."""
    input: InputSpec = field(default_factory=ecg)
    pretrained: str = ""
    initialise: Callable[[nn.Module], object] = lambda network: None
    features: str = ""
    """Path of the module that returns the last feature map, (batch, channels, length); for hints."""
    classes: tuple[str, ...] = ()
    """The order in which it answers its classes, where its card says so; empty for that of any dataset."""

    def build(self, classes: int) -> nn.Module:
        """Return the untrained network."""
        return self.make(self.input.shape[0], classes)

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph."""
        fit_standardise(network, mean, std)
