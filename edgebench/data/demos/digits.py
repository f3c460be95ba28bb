"""Digits drawn as strokes of random slant, size, place and thickness, in noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28
STROKES: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((0.5, 0.1), (0.25, 0.25), (0.22, 0.6), (0.35, 0.88), (0.6, 0.9), (0.76, 0.65), (0.74, 0.3), (0.5, 0.1)),),
    (((0.35, 0.25), (0.52, 0.1), (0.52, 0.9)),),
    (((0.25, 0.3), (0.4, 0.12), (0.65, 0.15), (0.7, 0.38), (0.45, 0.62), (0.24, 0.88), (0.76, 0.87)),),
    (((0.27, 0.18), (0.55, 0.1), (0.7, 0.27), (0.48, 0.47), (0.72, 0.66), (0.58, 0.9), (0.26, 0.82)),),
    (((0.6, 0.9), (0.6, 0.1), (0.22, 0.62), (0.8, 0.62)),),
    (((0.72, 0.12), (0.34, 0.12), (0.3, 0.45), (0.6, 0.44), (0.74, 0.64), (0.6, 0.88), (0.26, 0.84)),),
    (((0.65, 0.1), (0.36, 0.35), (0.26, 0.68), (0.45, 0.9), (0.68, 0.78), (0.66, 0.56), (0.45, 0.5), (0.28, 0.66)),),
    (((0.24, 0.13), (0.75, 0.13), (0.42, 0.9)),),
    (
        ((0.5, 0.48), (0.3, 0.3), (0.5, 0.1), (0.7, 0.28), (0.5, 0.48)),
        ((0.5, 0.48), (0.26, 0.7), (0.5, 0.9), (0.74, 0.7), (0.5, 0.48)),
    ),
    (((0.7, 0.3), (0.5, 0.48), (0.3, 0.32), (0.48, 0.1), (0.7, 0.28), (0.66, 0.6), (0.5, 0.9)),),
)  # fmt: skip
"""Polylines of each digit as (x, y) from 0 to 1, y downwards."""


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (count, 1, 28, 28), light on dark, and their digits (count,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    images = np.empty((count, 1, SIDE, SIDE), np.uint8)
    row, column = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    pixels = np.stack([column.ravel(), row.ravel()], 1)
    for number, label in enumerate(labels):
        ink = np.zeros(SIDE * SIDE, np.float32)
        thickness, place = rng.uniform(1.1, 1.9), _placement(rng)
        for stroke in STROKES[label]:
            points = np.array(stroke, np.float32) + rng.normal(0, 0.035, (len(stroke), 2)).astype(np.float32)
            distance = _distance(pixels, place(points))
            ink = np.maximum(ink, np.clip(thickness + 0.5 - distance, 0, 1))
        # A scratch across some digits, and noise over all, keep the best network from 100 %.
        if rng.random() < 0.35:
            ink = np.maximum(ink, np.clip(1.2 - _distance(pixels, rng.uniform(2, 26, (2, 2)).astype(np.float32)), 0, 1))
        light = rng.uniform(0.45, 1) * ink + rng.normal(0, rng.uniform(0.05, 0.22), ink.shape)
        images[number, 0] = np.clip(255 * light, 0, 255).astype(np.uint8).reshape(SIDE, SIDE)
    return images, labels.astype(np.int64)


def _placement(rng: np.random.Generator) -> _Placement:
    angle, shear, scale = rng.normal(0, 0.15), rng.normal(0, 0.15), rng.uniform(15, 22, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[scale[0], shear * scale[1]], [0, scale[1]]])
    return _Placement(matrix.astype(np.float32), (SIDE / 2 + rng.uniform(-2, 2, 2)).astype(np.float32))


class _Placement:
    """Where a digit of the unit square lies in the image."""

    def __init__(self, matrix: NDArray[np.float32], centre: NDArray[np.float32]) -> None:
        self._matrix, self._centre = matrix, centre

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        placed: NDArray[Any] = (points - np.float32(0.5)) @ self._matrix.T + self._centre
        return placed


def _distance(pixels: NDArray[np.float32], line: NDArray[np.float32]) -> NDArray[Any]:
    """Distance of each pixel to the nearest point of a polyline."""
    start, along = line[:-1], np.diff(line, axis=0)
    length = np.maximum((along**2).sum(1), np.float32(1e-6))
    offset = pixels[:, None] - start
    share = np.clip((offset * along).sum(2) / length, 0, 1)
    return np.asarray(np.sqrt(((offset - share[:, :, None] * along) ** 2).sum(2).min(1)), np.float32)
