"""Converts samples on disk (int16 microvolts) to the input of every artifact (float32 millivolts)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""PTB-XL's order of the twelve leads."""

SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
"""PTB-XL's five diagnostic superclasses, in the order of every label array and of every model's output."""


def to_millivolts(microvolts: NDArray[np.int16]) -> NDArray[np.float32]:
    """Float32 millivolts of int16 microvolts of any shape, correctly rounded and contiguous."""
    return np.ascontiguousarray(microvolts, dtype=np.float32) / np.float32(1000)


def open_signals(path: Path | str) -> NDArray[np.int16]:
    """Memory-map a file of signals, shape (records, leads, samples)."""
    mapped: NDArray[np.int16] = np.load(path, mmap_mode="r")
    return mapped
