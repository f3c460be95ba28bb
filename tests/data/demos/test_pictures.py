from __future__ import annotations

import numpy as np

from edgebench.data.demos.pictures import CLASSES, _mask, draw


def test_each_class_has_a_shape_of_its_own() -> None:
    y, x = (np.mgrid[0:32, 0:32] - 16) / 16
    masks = [_mask(name, x, y, 0.5, np.random.default_rng(0)).ravel() for name in CLASSES]
    for number, mask in enumerate(masks):
        assert 0.03 < mask.mean() < 0.75, CLASSES[number]
        assert all(np.corrcoef(mask, other)[0, 1] < 0.95 for other in masks[:number]), CLASSES[number]


def test_colours_vary() -> None:
    images, labels = draw(300, 5)
    assert images.shape == (300, 3, 32, 32) and set(labels) == set(range(10))
    assert images.mean((2, 3)).std(0).min() > 25
