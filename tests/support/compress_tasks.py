"""A task for compressions, and networks small enough to compute by hand."""

from __future__ import annotations

import numpy as np
import torch

from edgebench.core.protocols import CompressTask


def task(seed: int = 0) -> CompressTask:
    random = np.random.default_rng(seed)
    signals = random.normal(0, 0.2, (8, 12, 1000)).astype(np.float32)
    return CompressTask((12, 1000), 5, lambda: (signals, random.random((8, 5)) < 0.3), seed)


def zeros(weight: torch.Tensor) -> int:
    return int((weight == 0).sum())
