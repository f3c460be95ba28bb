"""Places for labels in a picture, so that they cover neither each other nor a point."""

from __future__ import annotations

import math
from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""left, bottom, right, top."""
AWAY = (9.0, 16.0, 26.0, 40.0, 58.0, 80.0)
"""Distances from the point to try, the nearest first."""
ANGLES = (30, 150, -30, -150, 90, -90, 0, 180, 60, 120, -60, -120)
RADIUS = 5.0
"""Radius of a point, which a label should not cover."""


def places(
    anchors: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]],
    points: Sequence[tuple[float, float]], frame: Box,
) -> list[tuple[float, float] | None]:  # fmt: skip
    """The centre of the label of each anchor; None where no place within the frame is free of other labels.

    All in pixels: `sizes` are widths and heights, `points` should stay visible.
    """
    taken: list[Box] = []
    found: list[tuple[float, float] | None] = []
    for (x, y), (width, height) in zip(anchors, sizes, strict=True):
        best: tuple[float, tuple[float, float], Box] | None = None
        for distance in AWAY:
            for turn, angle in enumerate(ANGLES):
                dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
                # The distance is that of the label's near edge, not of its centre.
                centre = (x + dx * (distance + width / 2), y + dy * (distance + height / 2))
                box = _box(centre, width, height)
                if not _inside(box, frame) or any(_overlap(box, other) for other in taken):
                    continue
                covered = sum(_overlap(box, (px - RADIUS, py - RADIUS, px + RADIUS, py + RADIUS)) for px, py in points)
                cost = 25.0 * covered + distance + 0.1 * turn
                if best is None or cost < best[0]:
                    best = (cost, centre, box)
        found.append(best[1] if best else None)
        taken += [best[2]] if best else []
    return found


def _box(centre: tuple[float, float], width: float, height: float) -> Box:
    return (centre[0] - width / 2, centre[1] - height / 2, centre[0] + width / 2, centre[1] + height / 2)


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
