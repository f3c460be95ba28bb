"""Random changes to a training batch."""

from __future__ import annotations

import torch

from edgebench.core.recipe import Recipe
from edgebench.data.augment import augment, window


def test_augmentation_does_what_the_recipe_says() -> None:
    base = Recipe(epochs=1, batch_size=1, learning_rate=0.1, weight_decay=0.0)
    signals, labels = torch.randn(8, 12, 1000), torch.eye(8)[:, :5]
    random = torch.Generator().manual_seed(0)
    same, kept = augment(signals, labels, base, random)
    assert torch.equal(same, signals)
    assert torch.equal(kept, labels)
    assert {window(4, 3, random) for _ in range(50)} == {0, 1}
    scaled, _ = augment(signals, labels, Recipe(1, 1, 0.1, 0.0, amplitude=1.25), random)
    factors = (scaled / signals).mean((1, 2))
    assert 0.79 < factors.min() < factors.max() < 1.26
    silent, _ = augment(signals, labels, Recipe(1, 1, 0.1, 0.0, lead_dropout=0.5), random)
    assert 20 < int((silent == 0).all(-1).sum()) < 76
    mixed = [augment(signals, labels, Recipe(1, 1, 0.1, 0.0, mixup=0.3), random)[1] for _ in range(20)]
    assert 4 < sum(not torch.equal(m, labels) for m in mixed) < 18
    assert all(torch.allclose(m.sum(), labels.sum()) for m in mixed)
