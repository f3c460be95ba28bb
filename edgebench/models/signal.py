"""Networks on the raw signal: how to build them, and their recipes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgebench.core.errors import ModelError
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

    def build(self, classes: int, spec: InputSpec | None = None) -> nn.Module:
        """Return the untrained network; raises ModelError for records that are no signals."""
        taken = spec or self.input
        if taken.axes != self.input.axes:
            raise ModelError(f"the network '{self.name}' takes records of ({', '.join(self.input.axes)}), not {taken}")
        return self.make(taken.shape[0], classes)

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation inside the graph."""
        fit_standardise(network, mean, std)
