"""How light colours are, and how well they stand out."""

from __future__ import annotations

import numpy as np


def light_of(colour: str) -> np.ndarray:
    """Linear red, green and blue, 0 to 1."""
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines have it, 1 to 21."""
    low, high = sorted(float(light_of(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)
