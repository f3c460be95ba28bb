"""Labels and scores for tests of statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def made_up(records: int, seed: int, classes: int = 5) -> tuple[Labels, Floats]:
    """Labels of unlike frequency, and scores that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((records, classes)) < np.linspace(0.1, 0.5, classes)).astype(np.uint8)
    return labels, np.asarray(np.round(np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0, 1), 2), dtype=np.float64)


def column(*values: int) -> Labels:
    """(records, 1)."""
    return np.array(values, dtype=np.uint8)[:, None]
