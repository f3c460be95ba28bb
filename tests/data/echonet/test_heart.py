from __future__ import annotations

import numpy as np

from edgebench.data.echonet.heart import draw_frames, draw_heart, ejection_fraction


def test_volumes_follow_from_the_geometry() -> None:
    for seed in range(30):
        heart = draw_heart(np.random.default_rng(seed))
        volumes = heart.volumes(np.linspace(0, 3, 400))
        length, width = heart.axes_mm(volumes)
        assert np.allclose(np.pi / 6 * length * width**2 / 1000, volumes)
        ef, small, large = ejection_fraction(volumes)
        assert large <= heart.end_diastolic_ml + 1e-9 and ef <= heart.ejection * 100 + 1e-9
        assert ef > heart.ejection * 100 - 2, "a few beats reach both ends"
        assert np.isclose(ef, 100 * (1 - small / large))
        assert 40 < length.max() < 130 and (length / width).min() > 1.2


def test_the_dark_cavity_has_the_area_of_its_volume() -> None:
    """The share of dark pixels within the ellipse of each frame's own axes."""
    rng = np.random.default_rng(5)
    heart = draw_heart(rng)
    volumes = heart.volumes(np.linspace(0, 2, 24))
    frames = draw_frames(heart, volumes, rng)
    assert frames.shape == (24, 112, 112) and frames.dtype == np.uint8
    long, short = (axis / heart.mm_per_pixel for axis in heart.axes_mm(volumes))
    area = np.pi / 4 * long * short
    centre = [round(place) for place in heart.centre]
    near = frames[:, centre[0] - 30 : centre[0] + 30, centre[1] - 22 : centre[1] + 22]
    dark = (near < 0.12 * np.quantile(frames, 0.98)).sum((1, 2))
    assert np.corrcoef(dark, area)[0, 1] > 0.97
