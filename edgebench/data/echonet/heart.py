"""A synthetic left ventricle: its geometry over time, and frames of it in speckle noise, from a seed.

The cavity is a prolate ellipsoid with long axis L and short axis D. Its volume is V = π/6 L D², which is what the
area-length method makes of its outline (8 A² / 3 π L with A = π/4 L D). The ejection fraction follows from the volumes
of the drawn frames, so it is known by construction.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 112
"""Rows and columns of a frame."""
FLOW = 0.36
"""Part of a beat in which the ventricle empties."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Heart:
    """One patient and one recording."""

    end_diastolic_ml: float
    ejection: float
    """Share of the volume that a beat throws out."""
    slimness: float
    """Long axis over short axis at the end of diastole."""
    shortening: float
    """Share of the ejected volume that comes from a shorter long axis."""
    mm_per_pixel: float
    beats_hz: float
    phase: float
    centre: tuple[float, float]
    """Row and column of the middle of the ventricle at the end of diastole."""
    angle: float
    """Of the long axis against the vertical, in radians."""
    wall_mm: float
    gain: float
    contrast: float
    noise: float

    def volumes(self, seconds: Floats) -> Floats:
        """Volume in mL at each time."""
        beat = np.mod(seconds * self.beats_hz + self.phase, 1.0)
        emptying = (1 - np.cos(np.pi * np.minimum(beat / FLOW, 1))) / 2
        filling = (1 + np.cos(np.pi * np.clip((beat - FLOW) / (0.92 - FLOW), 0, 1))) / 2
        return self.end_diastolic_ml * (1 - self.ejection * np.where(beat < FLOW, emptying, filling))

    def axes_mm(self, volumes: Floats) -> tuple[Floats, Floats]:
        """Long and short axis in mm for volumes in mL."""
        longest = 10 * (6 * self.end_diastolic_ml / math.pi * self.slimness**2) ** (1 / 3)
        length = longest * (volumes / self.end_diastolic_ml) ** self.shortening
        return length, np.sqrt(6 * volumes * 1000 / (math.pi * length))


def draw_heart(rng: np.random.Generator) -> Heart:
    """A heart of a random patient; most eject 50 to 70 %, as in clinics."""
    healthy = rng.random() < 0.7
    ejection = rng.normal(0.60, 0.07) if healthy else rng.normal(0.35, 0.11)
    volume = rng.lognormal(math.log(95 if healthy else 130), 0.25)
    return Heart(
        float(np.clip(volume, 45, 260)), float(np.clip(ejection, 0.10, 0.82)), rng.uniform(1.5, 2.0),
        rng.uniform(0.12, 0.3), rng.uniform(1.15, 1.5), rng.uniform(0.8, 1.8), rng.random(),
        (rng.uniform(44, 54), rng.uniform(50, 62)), rng.uniform(-0.3, 0.3), rng.uniform(7, 12),
        rng.uniform(0.6, 1.15), rng.uniform(0.12, 0.5), rng.uniform(0.3, 0.6),
    )  # fmt: skip


def draw_frames(heart: Heart, volumes: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Grey frames (frames, 112, 112) with such volumes in mL; speckle moves with the wall."""
    row, column, depth, sector = _sector()
    sine, cosine = math.sin(heart.angle), math.cos(heart.angle)
    long_mm, short_mm = heart.axes_mm(volumes)
    speckle, streaks = _speckle(rng, 2), rng.normal(0, 0.02, SIDE).astype(np.float32)
    frames = np.empty((len(volumes), SIDE, SIDE), np.uint8)
    longest = float(long_mm.max()) if len(long_mm) else 0.0
    for number, (length, width) in enumerate(zip(long_mm, short_mm, strict=True)):
        # The apex, at the top, stays; the base moves towards it.
        drop = (length - longest) / 2 / heart.mm_per_pixel
        y, x = row - heart.centre[0] - drop * cosine, column - heart.centre[1] + drop * sine
        along, across = y * cosine - x * sine, y * sine + x * cosine
        half_long, half_wide = length / 2 / heart.mm_per_pixel, width / 2 / heart.mm_per_pixel
        wall = heart.wall_mm / heart.mm_per_pixel
        inner = np.hypot(along / half_long, across / half_wide)
        outer = np.hypot(along / (half_long + wall), across / (half_wide + wall))
        tissue = 0.35 + heart.contrast * _edge(1 - outer) + 0.15 * depth
        echo = tissue * (1 - 0.92 * _edge(1 - inner))
        valve = np.exp(-(((along - half_long) / 2.0) ** 2)) * (np.abs(across) < half_wide)
        moved = np.roll(speckle[number % 2], (round(drop), number // 8), (0, 1))
        grain = (1 - heart.noise) + heart.noise * (0.75 * moved + 0.25 * _speckle(rng, 1)[0])
        value = heart.gain * (echo + 0.25 * valve) * grain * (1 - 0.35 * depth) + streaks
        frames[number] = np.clip(255 * value * sector, 0, 255).astype(np.uint8)
    return frames


def _edge(inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """From 0 outside to 1 inside, over some pixels."""
    return np.asarray(np.clip(0.5 + 6 * inside, 0, 1), np.float32)


@functools.cache
def _sector() -> tuple[NDArray[np.float32], ...]:
    """Row, column, depth from 0 to 1, and where a sector probe at the middle of the upper edge sees something."""
    row, column = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    distance, angle = np.hypot(row + 4, column - SIDE / 2), np.arctan2(column - SIDE / 2, row + 4)
    seen = (np.abs(angle) < 0.72) & (distance < SIDE + 2) & (distance > 6)
    return row, column, (distance / SIDE).astype(np.float32), seen.astype(np.float32)


def _speckle(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Rayleigh noise of mean 1, smoothed over about two pixels along the rows."""
    field = np.sqrt(1.28 * rng.standard_exponential((count, SIDE, SIDE + 2), np.float32))
    smooth: NDArray[np.float32] = (field[:, :, :-2] + field[:, :, 1:-1] + field[:, :, 2:]) / 3
    return smooth


def ejection_fraction(volumes: Floats) -> tuple[float, float, float]:
    """EF in %, ESV and EDV in mL of a recording's volumes."""
    small, large = float(volumes.min()), float(volumes.max())
    return (large - small) / large * 100, small, large
