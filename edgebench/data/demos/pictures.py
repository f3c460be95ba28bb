"""Small colour pictures of ten shapes and textures, of random colours, place, size and turn, in noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 32
CLASSES = ("disc", "ring", "square", "triangle", "cross", "bar", "stripes", "waves", "checks", "dots")
Field = NDArray[Any]


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (count, 3, 32, 32) and their class numbers (count,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(CLASSES), count)
    images = np.empty((count, 3, SIDE, SIDE), np.uint8)
    row, column = (np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - SIDE / 2) / (SIDE / 2)
    for number, label in enumerate(labels):
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 0.7)
        across, down = column - rng.uniform(-0.2, 0.2), row - rng.uniform(-0.2, 0.2)
        x = (np.cos(angle) * across + np.sin(angle) * down).astype(np.float32)
        y = (np.cos(angle) * down - np.sin(angle) * across).astype(np.float32)
        inside = _mask(CLASSES[label], x, y, size, rng)
        back, front = rng.uniform(0.1, 0.9, (2, 3, 1, 1))
        back = back + rng.normal(0, 0.1, (3, 1, 1)) * column + rng.normal(0, 0.1, (3, 1, 1)) * row
        picture = back + (front - back) * inside
        patch = rng.integers(0, SIDE - 8, 2)  # something lies before it
        picture[:, patch[0] : patch[0] + 8, patch[1] : patch[1] + 8] = rng.uniform(0, 1, (3, 1, 1))
        picture += rng.normal(0, rng.uniform(0.03, 0.15), picture.shape)
        images[number] = np.clip(255 * picture, 0, 255).astype(np.uint8)
    return images, labels.astype(np.int64)


def _mask(name: str, x: Field, y: Field, size: float, rng: np.random.Generator) -> Field:
    """From 0 outside to 1 inside of a shape or the light part of a texture."""
    radius, square = np.hypot(x, y), np.maximum(np.abs(x), np.abs(y))
    period = rng.uniform(8, 16)
    shapes: dict[str, Callable[[], Field]] = {
        "disc": lambda: size - radius,
        "ring": lambda: 0.13 - np.abs(radius - size),
        "square": lambda: size * 0.88 - square,
        "triangle": lambda: size * 0.55 - np.maximum(y, np.abs(x) * 0.87 - y * 0.5),
        "cross": lambda: np.minimum(size - square, 0.16 - np.minimum(np.abs(x), np.abs(y))),
        "bar": lambda: np.minimum(0.2 - np.abs(x), size * 1.2 - np.abs(y)),
        "stripes": lambda: np.sin(period * x) / 4,
        "waves": lambda: np.sin(period * (x + 0.18 * np.sin(period * 0.6 * y))) / 4,
        "checks": lambda: np.sin(period * x) * np.sin(period * y) / 3,
        "dots": lambda: (np.sin(period * x) + np.sin(period * y) - 0.9) / 5,
    }
    return np.asarray(np.clip(0.5 + 10 * shapes[name](), 0, 1), np.float32)
