from __future__ import annotations

import numpy as np
import pytest

from edgebench.tasks.calibration import binned_error


def test_calibration_error_by_hand() -> None:
    # Bins of a fifth: 0.1 and 0.1 with one true, 0.9 with one true and 1.0 with none: |0.1 - 0.5|, |0.95 - 0.5|.
    predicted, happened = np.array([0.1, 0.1, 0.9, 1.0]), np.array([1.0, 0, 1, 0])
    assert binned_error(predicted, happened, None, bins=5) == pytest.approx([0.5 * 0.4 + 0.5 * 0.45], abs=1e-12)
    assert binned_error(happened, happened, None).tolist() == [0.0]
    # The first record twice and the third twice: |0.1 - 1| and |0.9 - 1|, half of the records each.
    weights = np.array([[2, 0, 2, 0], [1, 1, 1, 1]], np.float32)
    assert binned_error(predicted, happened, weights, bins=5) == pytest.approx([0.5, 0.425], abs=1e-12)


def test_honest_probabilities_have_a_small_error() -> None:
    rng = np.random.default_rng(0)
    honest = rng.random(100_000)
    assert binned_error(honest, (rng.random(honest.shape) < honest).astype(float), None) < 0.01
