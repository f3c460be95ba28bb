"""A wrapper for an imported network: takes the records as they are and returns outputs, as every model does."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.outputs import choose
from edgebench.models.layers import Standardise
from edgebench.tasks.statistics import PROBABILITY_MARGIN, SMALLEST_PROBABILITY


class PerRecord(nn.Module):
    """Normalises each record by its own values, as `measuring.per_record` does for files."""

    keep_float = "it normalises each record by its own values"

    def __init__(self, how: Literal["zscore", "zscore-record", "max", "max-channel"], axis: int, axes: int) -> None:
        super().__init__()
        alone = how in ("zscore", "max-channel")
        self.dims = [n for n in range(1, axes + 1) if not (alone and n == axis + 1)]
        self.peak = how in ("max", "max-channel")

    def forward(self, records: Tensor) -> Tensor:
        """Normalised records; what has no variation, or is zero, is divided by 1."""
        low, high = records.amin(self.dims, True), records.amax(self.dims, True)
        if self.peak:
            peak = torch.maximum(high, -low)
            return records / torch.where(peak > 0, peak, torch.ones_like(peak))
        centred = records - records.mean(self.dims, True)
        std = (centred * centred).mean(self.dims, True).sqrt()
        # Not `std > 0`: rounding gives the mean of a flat lead, and its deviation, a value beside the right one.
        return centred / torch.where(high > low, std, torch.ones_like(std))


class Pick(nn.Module):
    """Picks the leads or channels that the network takes, in its order."""

    rows: Tensor

    def __init__(self, rows: tuple[int, ...], axis: int) -> None:
        super().__init__()
        self.dim = axis + 1
        self.register_buffer("rows", torch.tensor(rows), persistent=False)

    def forward(self, records: Tensor) -> Tensor:
        """Records with these positions along the channel axis."""
        return records.index_select(self.dim, self.rows)


class OwnNetwork(nn.Module):
    """Converts the records and the answer as the card says, around the user's network."""

    def __init__(self, network: nn.Module, feed: IOAdapter, spec: InputSpec) -> None:
        super().__init__()
        axis, axes = spec.channel_axis, len(spec.axes)
        rows = feed.rows(spec)
        self.leads = Pick(rows, axis) if rows else nn.Identity()
        self.standardise = Standardise(len(feed.mean), axes - 1 - axis) if feed.mean else nn.Identity()
        if isinstance(self.standardise, Standardise):
            self.standardise.fit(torch.tensor(feed.mean), torch.tensor(feed.std))
        self.per_record = PerRecord(feed.per_record, axis, axes) if feed.per_record else nn.Identity()
        turned = feed.turned(spec)
        self.order = (0, *(place + 1 for place in turned)) if turned else ()
        self.output, self.kind = feed.answer, feed.output
        self.further = tuple(constant.name for constant in feed.constants)
        for number, constant in enumerate(feed.constants):
            self.register_buffer(f"constant_{number}", torch.tensor(constant.values)[None], persistent=False)
        self.network = network
        self.shape = feed.shape(spec)
        """Of a record as the user's network takes it."""

    def further_sizes(self) -> dict[str, int]:
        """How many values each further input has."""
        return {name: getattr(self, f"constant_{n}").shape[1] for n, name in enumerate(self.further)}

    def forward(self, records: Tensor) -> Tensor:
        """Outputs (batch, outputs): logits, or the quantities of a regression."""
        return self.answer(records, {})

    def answer(self, records: Tensor, given: dict[str, Tensor]) -> Tensor:
        """The same; `given` are the further inputs of the records, by the network's names."""
        x = self.per_record(self.standardise(self.leads(records)))
        x = x.permute(self.order) if self.order else x
        further = {}
        if self.further:
            rows = torch.ones_like(x.flatten(1)[:, :1])  # not `expand`, which FX cannot trace
            further = {name: rows * getattr(self, f"constant_{n}") for n, name in enumerate(self.further)}
        y: Tensor = choose(self.network(x, **further, **given), self.output)
        if isinstance(y, Tensor) and y.dim() == 1:  # one quantity a record
            y = y[:, None]
        if self.kind == "softmax":
            return y.clamp(min=SMALLEST_PROBABILITY).log()
        return torch.logit(y, PROBABILITY_MARGIN) if self.kind == "probabilities" else y


class OwnNetworkOfSeveral(OwnNetwork):
    """The same for records with further inputs, which the network takes as they are."""

    def __init__(self, network: nn.Module, feed: IOAdapter, spec: InputSpec) -> None:
        super().__init__(network, feed, spec)
        self.given = tuple(one.name for one in feed.further)

    def forward(self, records: Tensor, *further: Tensor) -> Tensor:
        """Outputs (batch, outputs)."""
        return self.answer(records, dict(zip(self.given, further, strict=True)))
