"""Records and networks for the tests of training that are small enough to compute by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn

from edgebench.core.datasets import RecordSet
from edgebench.data.signals import ecg, stored
from edgebench.models.layers import Standardise

LEADS, SAMPLES = 2, 4
CONTRACT = ecg(leads=("I", "II"), samples=SAMPLES)


def records(folder: Path, count: int = 6, classes: int = 2, seed: int = 0) -> RecordSet:
    """Records of noise, each class positive in every `number of the class + 2`-th."""
    random = np.random.default_rng(seed)
    path = folder / f"signals-{count}-{seed}.npy"
    np.save(path, random.integers(-900, 900, (count, LEADS, SAMPLES)).astype(np.int16))
    labels = np.array([[row % (k + 2) == 0 for k in range(classes)] for row in range(count)], np.uint8)
    return RecordSet(
        "tiny",
        "tiny records",
        "train",
        stored(path, CONTRACT),
        labels,
        np.arange(count),
        tuple("ABCDE"[:classes]),
        "multilabel",
    )


def network(classes: int = 2) -> nn.Sequential:
    """Standardised signals and one linear layer."""
    return nn.Sequential(Standardise(LEADS), nn.Flatten(), nn.Linear(LEADS * SAMPLES, classes))
