"""A task for compressions, and networks small enough to compute by hand."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from edgebench.core.protocols import CompressTask


def task(seed: int = 0) -> CompressTask:
    random = np.random.default_rng(seed)
    signals = random.normal(0, 0.2, (8, 12, 1000)).astype(np.float32)

    def labelled() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return signals, (random.random((8, 5)) < 0.3).astype(np.float32)

    return CompressTask((12, 1000), 5, labelled, binary_cross_entropy_with_logits, seed)


def zeros(weight: torch.Tensor) -> int:
    return int((weight == 0).sum())
