"""Python files with metrics and tasks of a user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core import user_code

METRICS = """
import numpy as np
from edgebench import Metric, OwnMetric

def missed(targets, outputs, state):  # of the labels that are present, the share that is not predicted
    decided = 1 / (1 + np.exp(-outputs.astype(float))) >= state
    return (targets & ~decided).sum() / targets.sum()

def distance(targets, outputs, weights):
    return weights @ np.abs(targets - outputs).mean(axis=1) / weights.sum(axis=1)

missing = OwnMetric(Metric("missing", "missed labels", "lower", low=0, high=1), missed)
both = [missing, OwnMetric(Metric("distance", "distance", "lower"), distance, primary=False)]
no_number = OwnMetric(Metric("none", "none"), lambda targets, outputs: np.nan)
"""
TASK = """
import numpy as np
from edgebench import Metric

class Within:
    metrics = [Metric("within5", "within 5", low=0, high=1)]

    def score(self, targets, outputs):
        return {"within5": (np.abs(targets - outputs) <= 5).mean()}

task = Within()
"""


def write(folder: Path, code: str, patch: pytest.MonkeyPatch) -> str:
    """A file that this process may run; returns its path with the colon after it."""
    path = folder / "mine.py"
    path.write_text(code)
    patch.setenv(user_code.TRUSTED, str(path.resolve()))
    return f"{path}:"
