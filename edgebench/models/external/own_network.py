"""A wrapper for an imported network: takes mV with the leads first and returns logits, as every model does."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from edgebench.core.outputs import choose
from edgebench.data.signals import LEADS
from edgebench.models.card import Card
from edgebench.models.layers import Standardise
from edgebench.tasks.statistics import PROBABILITY_MARGIN


class PerRecord(nn.Module):
    """Normalises each record by its own values, as `measuring.per_record` does for files."""

    keep_float = "it normalises each record by its own values"

    def __init__(self, how: Literal["zscore", "zscore-record", "max", "max-lead"]) -> None:
        super().__init__()
        self.dims = [2] if how in ("zscore", "max-lead") else [1, 2]
        self.peak = how in ("max", "max-lead")

    def forward(self, signals: Tensor) -> Tensor:
        """Normalised signals; a lead or record without variation, or of zeros, is divided by 1."""
        low, high = signals.amin(self.dims, True), signals.amax(self.dims, True)
        if self.peak:
            peak = torch.maximum(high, -low)
            return signals / torch.where(peak > 0, peak, torch.ones_like(peak))
        centred = signals - signals.mean(self.dims, True)
        std = (centred * centred).mean(self.dims, True).sqrt()
        # Not `std > 0`: rounding gives the mean of a flat lead, and its deviation, a value beside the right one.
        return centred / torch.where(high > low, std, torch.ones_like(std))


class Leads(nn.Module):
    """Picks the leads that the network takes, in its order."""

    rows: Tensor

    def __init__(self, rows: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("rows", torch.tensor(rows), persistent=False)

    def forward(self, signals: Tensor) -> Tensor:
        """Signals (batch, leads of the network, samples)."""
        return signals.index_select(1, self.rows)


class OwnNetwork(nn.Module):
    """Converts the signals and the answer as the card says, around the user's network."""

    def __init__(self, network: nn.Module, card: Card) -> None:
        super().__init__()
        known, contract = LEADS, card.input
        self.leads = Leads(tuple(known.index(n) for n in card.other_leads)) if card.other_leads else nn.Identity()
        self.standardise = Standardise(len(contract.mean)) if contract.mean else nn.Identity()
        if isinstance(self.standardise, Standardise):
            self.standardise.fit(torch.tensor(contract.mean), torch.tensor(contract.std))
        self.per_record = PerRecord(contract.per_record) if contract.per_record else nn.Identity()
        self.samples_first = contract.layout == "samples-first"
        self.output, self.probabilities = card.output, card.kind == "probabilities"
        self.further = tuple(card.constants)
        for number, values in enumerate(card.constants.values()):
            self.register_buffer(f"constant_{number}", torch.tensor(values)[None], persistent=False)
        self.network = network

    def forward(self, signals: Tensor) -> Tensor:
        """Logits (batch, classes) of signals (batch, leads, samples) in mV."""
        x = self.per_record(self.standardise(self.leads(signals)))
        x = x.transpose(1, 2) if self.samples_first else x
        further = {}
        if self.further:
            rows = torch.ones_like(x.flatten(1)[:, :1])  # not `expand`, which FX cannot trace
            further = {name: rows * getattr(self, f"constant_{n}") for n, name in enumerate(self.further)}
        y: Tensor = choose(self.network(x, **further), self.output)
        return torch.logit(y, PROBABILITY_MARGIN) if self.probabilities else y
