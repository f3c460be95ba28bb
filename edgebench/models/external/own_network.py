"""The frame around a network from elsewhere: it takes mV with the leads first, and gives logits, as all models do."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgebench.models.card import CardInput
from edgebench.models.layers import Standardise
from edgebench.tasks.statistics import PROBABILITY_MARGIN


class OwnNetwork(nn.Module):
    """Standardises, turns samples and leads around, and makes logits of probabilities, as far as the card says."""

    def __init__(self, network: nn.Module, contract: CardInput, output: str) -> None:
        super().__init__()
        self.standardise = Standardise(len(contract.mean)) if contract.mean else nn.Identity()
        if isinstance(self.standardise, Standardise):
            self.standardise.fit(torch.tensor(contract.mean), torch.tensor(contract.std))
        self.samples_first = contract.layout == "samples-first"
        self.probabilities = output == "probabilities"
        self.network = network

    def forward(self, signals: Tensor) -> Tensor:
        """Logits (batch, classes) of signals (batch, leads, samples) in mV."""
        x = self.standardise(signals)
        y: Tensor = self.network(x.transpose(1, 2) if self.samples_first else x)
        return torch.logit(y, PROBABILITY_MARGIN) if self.probabilities else y
