"""The embedded demo set: synthetic 12-lead records in PTB-XL's contract, for a machine that has no PTB-XL.

Each record sets mean beats (each the mean over at least 50 PTB-XL training records of one combination of superclasses;
`scripts/make_demo.py`) into ten seconds with varying rate, amplitude, baseline wander and noise, from a seed. It shows
that everything works and how formats compare; its macro-F1 says nothing about patients.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.data import record_cache
from edgebench.data.chosen_options import chosen
from edgebench.data.signals import ECG, SUPERCLASSES, stored

RATE_HZ = 100
SPLITS = {"train": (512, 1), "validation": (160, 2), "test": (240, 3), "calibration": (512, 1)}
"""Records and seed of each split; calibration is drawn from the training records."""


class Demo:
    """Synthetic records from mean beats."""

    name = "demo"
    label = "demo (synthetic)"
    summary = "synthetic ECGs that come with EdgeBench: for a first look, its scores say nothing of patients"
    classes = SUPERCLASSES
    license = "CC-BY-4.0"
    splits: Mapping[Split, str] = {"train": "train", "validation": "validation", "test": "test"}

    task = "multilabel"
    unit = ""
    options: Mapping[str, Option] = {}

    def check(self, request: DataRequest) -> None:
        """Raise DataError for options, of which it has none."""
        chosen(self.name, self.options, request.options)

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return one split, synthesised on the first load and kept in the cache; raises DataError."""
        self.check(request)
        with as_file(files("edgebench.data.demo") / "beats.npz") as path:
            # NumPy's generators may give other numbers in another version.
            code = (path.read_bytes(), Path(__file__).read_bytes(), np.__version__.encode())
            content = hashlib.sha256(b"".join(code)).hexdigest()
            key = record_cache.key(self.name, request.split, content, request.limit)
            return record_cache.open_or_make(lambda: key, lambda folder: self._make(path, request, folder))

    def _make(self, bank: Path, request: DataRequest, folder: Path) -> RecordSet:
        count, seed = SPLITS[request.split]
        with np.load(bank) as data:
            signals, labels = synthesise(data["beats"], data["labels"], count, seed)
        rows = np.arange(count)[: request.limit]
        np.save(folder / "input.npy", signals[rows])
        return RecordSet(
            self.name, self.label, request.split, stored(folder / "input.npy"), labels[rows], rows, self.classes,
            self.task,
        )  # fmt: skip

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the records of each split; the folder does not matter."""
        chosen(self.name, self.options, options)
        return [SplitInfo(split, SPLITS[split][0], 0, 0, 0) for split in self.splits]


def synthesise(
    beats: NDArray[np.int16], labels: NDArray[np.uint8], count: int, seed: int
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Make `count` records from templates.

    beats (templates, 12, samples) in microvolts, labels (templates, 5). Returns int16 microvolts of shape
    (count, 12, 1000) and their labels; the same arguments give the same records.
    """
    rng = np.random.default_rng(seed)
    combinations, member = np.unique(labels, axis=0, return_inverse=True)
    # Single superclasses are drawn twice as often as combinations of several.
    weights = np.where(combinations.sum(1) == 1, 2.0, 1.0)
    drawn = rng.choice(len(combinations), size=count, p=weights / weights.sum())
    signals = np.empty((count, *ECG.shape), np.int16)
    for row, combination in enumerate(drawn):
        templates = np.flatnonzero(member.ravel() == combination)
        beat = beats[rng.choice(templates)].astype(np.float64)
        signals[row] = _record(beat, rng)
    return signals, combinations[drawn].astype(np.uint8)


def _record(beat: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int16]:
    leads, samples = ECG.shape
    length = beat.shape[1]
    # Fading both ends in and out lets neighbouring beats overlap without a step.
    fade = np.ones(length)
    fade[:8] = fade[-8:][::-1] = (1 - np.cos(np.pi * (np.arange(8) + 0.5) / 8)) / 2
    beat = beat * fade * rng.uniform(0.9, 1.15)
    record = np.zeros((leads, samples + 2 * length))
    interval = rng.uniform(0.75, 1.05) * RATE_HZ
    at = rng.uniform(0, interval)
    while at < samples + length:
        start = round(at)
        record[:, start : start + length] += beat * rng.normal(1, 0.03)
        at += interval * rng.normal(1, 0.03)
    record = record[:, length : length + samples]
    seconds = np.arange(samples) / RATE_HZ
    wander = (
        40 * rng.random((leads, 1)) * np.sin(2 * np.pi * (rng.uniform(0.1, 0.4) * seconds + rng.random((leads, 1))))
    )
    noise = rng.normal(0, rng.uniform(4, 14), (leads, samples))
    return np.clip(np.rint(record + wander + noise), -32767, 32767).astype(np.int16)


DATASET = Demo()
