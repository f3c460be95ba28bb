"""Predict the records of a file with a network of torch, a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress
from edgebench.data.stored import Batches, Values

if TYPE_CHECKING:
    from torch import nn


def predict(
    network: nn.Module, values: Values | Batches, batch: int, rows: NDArray[np.int64] | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """Outputs (records, outputs) of all records, or of those `rows` of them.

    Puts the network into eval mode; it runs on the device that holds its parameters. `progress` gets (records done,
    records) after each batch.
    """
    import torch

    chosen = np.arange(len(values)) if rows is None else rows
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    network.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(chosen), batch):
            found = values[chosen[start : start + batch]]
            records = found if isinstance(found, tuple) else (found,)
            parts.append(network(*(torch.from_numpy(one).to(device) for one in records)).float().cpu())
            if progress:
                progress(min(start + batch, len(chosen)), len(chosen))
    return np.asarray(torch.cat(parts).numpy())
