"""Random changes to a training batch."""

from __future__ import annotations

import pytest
import torch

from edgebench.core.recipe import Recipe
from edgebench.data.augment import augment, shifted, window


def test_augmentation_does_what_the_recipe_says() -> None:
    base = Recipe(epochs=1, batch_size=1, learning_rate=0.1, weight_decay=0.0)
    signals, labels = torch.randn(8, 12, 1000), torch.eye(8)[:, :5]
    random = torch.Generator().manual_seed(0)
    (same,), kept = augment((signals,), labels, base, random)
    assert torch.equal(same, signals)
    assert torch.equal(kept, labels)
    assert {window(4, 3, random) for _ in range(50)} == {0, 1}
    (scaled,), _ = augment((signals,), labels, Recipe(1, 1, 0.1, 0.0, amplitude=1.25), random)
    factors = (scaled / signals).mean((1, 2))
    assert 0.79 < factors.min() < factors.max() < 1.26
    (silent,), _ = augment((signals,), labels, Recipe(1, 1, 0.1, 0.0, channel_dropout=0.5), random)
    assert 20 < int((silent == 0).all(-1).sum()) < 76
    several = [augment((signals, labels), labels, Recipe(1, 1, 0.1, 0.0, mixup=0.3), random) for _ in range(20)]
    mixed = [found for _, found in several]
    assert all(torch.equal(further, found) for (_, further), found in several), "each pair with one share"
    assert 4 < sum(not torch.equal(m, labels) for m in mixed) < 18
    assert all(torch.allclose(m.sum(), labels.sum()) for m in mixed)


def test_images_are_mirrored_and_their_labels_stay() -> None:
    images, labels = torch.arange(400 * 6.0).reshape(400, 1, 2, 3), torch.eye(400)
    (found,), kept = augment((images,), labels, Recipe(1, 1, 0.1, mirror=True), torch.Generator().manual_seed(0))
    mirrored = (found == images.flip(-1)).all((1, 2, 3))
    assert torch.equal(found[~mirrored], images[~mirrored])
    assert 150 < int(mirrored.sum()) < 250
    assert torch.equal(kept, labels)


@pytest.mark.parametrize("shape", [(3, 5, 6), (2, 3, 5, 6)], ids=["image", "clip"])
def test_an_image_moves_as_a_whole(shape: tuple[int, ...]) -> None:
    images = 1 + torch.rand(300, *shape)
    found = shifted(images, 1, torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    moves = [
        [(row, column) for row in range(3) for column in range(3)
         if torch.equal(after, before[..., row : row + 5, column : column + 6])]
        for after, before in zip(found, padded, strict=True)
    ]  # fmt: skip
    assert all(len(found) == 1 for found in moves)
    assert len({found[0] for found in moves}) == 9
