from __future__ import annotations

import numpy as np

from edgebench.data.demos.digits import draw


def test_the_mean_digits_differ() -> None:
    images, labels = draw(600, 5)
    assert images.shape == (600, 1, 28, 28) and images.dtype == np.uint8
    means = np.stack([images[labels == digit, 0].mean(0).ravel() for digit in range(10)])
    alike = np.corrcoef(means) - np.eye(10)
    assert alike.max() < 0.985 and means.max() > 60, "ten kinds of strokes in the middle"
    assert images[:, 0, 8:20, 8:20].mean() > 2 * images[:, 0, :3].mean()
