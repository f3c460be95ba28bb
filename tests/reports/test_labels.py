"""Places for labels: within the frame, and over neither each other nor a bar."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.reports import labels


@pytest.mark.parametrize("seed", range(20))
def test_labels_do_not_cover_each_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in rng.uniform(20, 480, (12, 2))]
    sizes = [(float(w), 12.0) for w in rng.uniform(30, 160, 12)]
    frame = (0.0, 0.0, 500.0, 500.0)
    found = labels.places(points, sizes, points, frame)
    boxes = [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for place, (w, h) in zip(found, sizes, strict=True)
        if place is not None
        for x, y in [place]
    ]
    assert len(boxes) >= 11
    for i, a in enumerate(boxes):
        assert a[0] >= 0 and a[1] >= 0 and a[2] <= 500 and a[3] <= 500
        assert all(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for b in boxes[:i])
    assert labels.places([(5.0, 5.0)], [(600.0, 10.0)], [], frame) == [None], "it fits nowhere"


def test_labels_stay_off_the_bars() -> None:
    bar = [(float(x), 100.0) for x in range(100, 300, 8)]
    ((_, y),) = [place for place in labels.places([(200.0, 100.0)], [(80.0, 12.0)], bar, (0, 0, 400, 200)) if place]
    assert abs(y - 100) > 6 + labels.RADIUS, "above or below, not across the bar"
