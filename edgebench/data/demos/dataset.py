"""Embedded demos, one a task: drawn from a seed at the first load, so that each task runs on a fresh machine.

They show that everything works and how formats compare. Their scores say nothing of real digits, photographs or hearts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.data import record_cache
from edgebench.data.chosen_options import chosen
from edgebench.data.demos import digits, hearts, pictures

Draw = Callable[[int, int], tuple[NDArray[np.uint8], NDArray[Any]]]
"""Of a count and a seed: records (count, *shape) and targets."""
SEEDS = {"train": 1, "validation": 2, "test": 3}
PACKAGE_OF_HEARTS = "edgebench.data.echonet"


@dataclass
class Demo:
    """A synthetic dataset."""

    name: str
    label: str
    summary: str
    task: str
    classes: tuple[str, ...]
    unit: str
    spec: InputSpec
    counts: Mapping[str, int]
    draw: Draw
    drawn_by: tuple[tuple[str, str], ...]
    """Package and file of the code that draws: the cache forgets what another version drew."""
    each_alone: bool = False
    """Whether each record has a seed of its own: the first ones are the same without the rest."""
    license: str = "Apache-2.0"
    splits: Mapping[Split, str] = field(default_factory=lambda: {s: s for s in ("train", "validation", "test")})
    """Each has a seed of its own."""
    options: Mapping[str, Option] = field(default_factory=dict)

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return one split, drawn on the first load and kept in the cache; `directory` is not needed."""
        chosen(self.name, self.options, request.options)
        split = "train" if request.split == "calibration" else request.split
        count = self.counts[split]
        if request.limit is not None and request.limit < 1:
            raise DataError(f"limit {request.limit}: must be at least 1")
        count = min(count, request.limit or count)

        def key() -> str:
            code = b"".join((files(package) / file).read_bytes() for package, file in self.drawn_by)
            drawn = hashlib.sha256(code + Path(__file__).read_bytes()).hexdigest()
            return record_cache.key(self.name, request.split, drawn, self.counts[split], count)

        def make(to: Path) -> RecordSet:
            records, targets = self.draw(count if self.each_alone else self.counts[split], SEEDS[split])
            np.save(to / "input.npy", records[:count])
            stored = StoredInput("input", self.spec, Storage("uint8", 255.0), to / "input.npy")
            return RecordSet(
                self.name, self.label, request.split, (stored,), targets[:count], np.arange(count), self.classes,
                self.task, self.unit,
            )  # fmt: skip

        return record_cache.open_or_make(key, make)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the records of each split; the folder does not matter."""
        chosen(self.name, self.options, options)
        return [SplitInfo(split, count, 0, 0, 0) for split, count in self.counts.items()]


DIGITS = Demo(
    "demo-digits", "demo digits (synthetic)", "drawn digits of 28x28 that come with EdgeBench: for a first look",
    "classification", tuple("0123456789"), "", InputSpec((1, 28, 28), ("channel", "row", "column")),
    {"train": 2000, "validation": 500, "test": 1000}, digits.draw, (("edgebench.data.demos", "digits.py"),),
)  # fmt: skip
IMAGES = Demo(
    "demo-images", "demo images (synthetic)", "drawn shapes of 32x32 that come with EdgeBench: for a first look",
    "classification", pictures.CLASSES, "",
    InputSpec((3, 32, 32), ("channel", "row", "column"), names={"channel": ("red", "green", "blue")}),
    {"train": 3000, "validation": 500, "test": 1000}, pictures.draw, (("edgebench.data.demos", "pictures.py"),),
)  # fmt: skip
ECHO = Demo(
    "demo-echo", "demo echo (synthetic)", "drawn echo clips that come with EdgeBench: they say nothing of patients",
    "regression", ("EF",), "%",
    InputSpec((8, 3, 112, 112), ("frame", "channel", "row", "column"), names={"channel": ("red", "green", "blue")}),
    {"train": 1000, "validation": 60, "test": 100}, hearts.draw,
    (("edgebench.data.demos", "hearts.py"), (PACKAGE_OF_HEARTS, "heart.py")), each_alone=True,
)  # fmt: skip
