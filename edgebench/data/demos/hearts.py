"""Clips of synthetic hearts, without a video file in between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgebench.data.echonet.heart import SIDE, draw_frames, draw_heart, ejection_fraction

FRAMES = 8


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Clips (count, 8, 3, 112, 112) of 1.5 to 4 seconds, and their ejection fractions in % (count, 1)."""
    clips = np.empty((count, FRAMES, 3, SIDE, SIDE), np.uint8)
    targets = np.empty((count, 1), np.float64)
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        heart, rate = draw_heart(rng), int(rng.integers(30, 71))
        volumes = heart.volumes(np.arange(int(rate * rng.uniform(1.5, 4))) / rate)
        places = np.rint(np.linspace(0, len(volumes) - 1, FRAMES)).astype(np.int64)
        clips[number] = draw_frames(heart, volumes[places], rng)[:, None]
        targets[number] = ejection_fraction(volumes)[0]
    return clips, targets
