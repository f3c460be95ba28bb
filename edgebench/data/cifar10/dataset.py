"""CIFAR-10 (Krizhevsky, 2009) as its published python batches: 50,000 training and 10,000 test images.

It has no validation split: 1,000 images of each of the five training batches, each class in proportion, are held out
by a fixed seed. Each batch decides alone, so a copy that lacks one has the same split of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import BadRecord, DataError
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.data import record_cache
from edgebench.data.bounded_files import is_file, require_folder
from edgebench.data.chosen_options import chosen
from edgebench.data.cifar10 import batches
from edgebench.data.cifar10 import fetch as fetching
from edgebench.data.splitting import VALIDATION_SHARE, held_out, limited

PARSER = 1
SEED = 10
WAY = "edgebench data fetch cifar10 DIR fills one"
SPEC = InputSpec(batches.SHAPE, ("channel", "row", "column"), names={"channel": ("red", "green", "blue")})
Images = NDArray[np.uint8]
Numbers = NDArray[np.int64]


class Cifar10:
    """Train, test, and a validation split that is held out of train."""

    name = "cifar10"
    label = "CIFAR-10"
    summary = "CIFAR-10, 60000 photographs of 32x32 in ten classes; validation: 5,000 held out of train by a fixed seed"
    license = "none stated by the publisher"
    splits: Mapping[Split, str] = {"train": "train without 5,000", "validation": "5,000 of train", "test": "test"}
    task = "classification"
    classes: tuple[str, ...] = batches.CLASSES
    unit = ""
    options: Mapping[str, Option] = {}
    fetch_options: Mapping[str, Option] = {}

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the images of one split; the first load parses the batches and writes a cache.

        `skip_bad_records` leaves out batches that are missing or damaged, and `dropped` names them. Raises DataError.
        """
        folder = batches.home(require_folder(self.name, request.directory, WAY))
        chosen(self.name, self.options, request.options)
        files = [folder / name for name in _files(request.split)]
        if not any(is_file(file) for file in files):
            raise DataError(f"{folder}: no {files[0].name} there; {WAY}")
        make = partial(self._make, request, folder, files, progress)
        return record_cache.load(request, self.name, (PARSER,), folder, [*_files(request.split), batches.META], make)

    def _make(
        self, request: DataRequest, folder: Path, files: list[Path], progress: Progress | None, to: Path
    ) -> RecordSet:
        batches.check_classes(folder)
        parts, dropped = [], []
        for done, file in enumerate(files, 1):
            try:
                parts.append(_part(file, request.split))
            except BadRecord as bad:
                # Calibration takes what there is of the training batches.
                if not request.skip_bad_records and not (request.split == "calibration" and not file.exists()):
                    raise BadRecord(f"{bad}; fetch it again, or leave it out with --skip-bad-records") from None
                dropped += [str(bad)] if file.exists() or request.split != "calibration" else []
            if progress:
                progress(done, len(files))
        if not parts:
            raise DataError(f"{folder}: every batch of the {request.split} split is bad; the first: {dropped[0]}")
        images, labels, ids = (np.concatenate(each) for each in zip(*parts, strict=True))
        rows = limited(np.arange(len(ids)), request.limit)
        path = to / "input.npy"
        np.save(path, images[rows])
        stored = StoredInput("input", SPEC, Storage("uint8", 255.0), path)
        return RecordSet(
            self.name, self.label, request.split, (stored,), labels[rows], ids[rows], self.classes, self.task,
            dropped=tuple(dropped),
        )  # fmt: skip

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the images of each split; a batch that is missing counts as its 10,000 images."""
        chosen(self.name, self.options, options)
        folder = batches.home(require_folder(self.name, directory, WAY))
        images, states = {}, {}
        for name in (*batches.TRAIN, *batches.TEST):
            try:
                images[name], states[name] = len(batches.read(folder / name)[1]), "whole"
            except BadRecord:
                images[name] = batches.IMAGES
                states[name] = "broken" if (folder / name).exists() else "missing"
        found = []
        for split in self.splits:
            counts = {name: _share(images[name], split) for name in _files(split)}
            missing, broken = (
                sum(count for name, count in counts.items() if states[name] == state) for state in ("missing", "broken")
            )
            found.append(SplitInfo(split, sum(counts.values()), missing, broken, 0))
        return found

    def fetch(
        self, directory: Path, options: Mapping[str, str] = NO_OPTIONS, url: str = "", progress: Progress | None = None
    ) -> str:
        """Download and unpack the published archive."""
        chosen(self.name, self.fetch_options, options)
        done = fetching.fetch(directory, url or fetching.URL, progress=progress)
        return f"{self.label} in {directory}; {'downloaded' if done else 'it was there'}"


def _files(split: str) -> tuple[str, ...]:
    return batches.TEST if split == "test" else batches.TRAIN


def _share(images: int, split: str) -> int:
    """How many of a batch's images are the split's."""
    held = round(images * VALIDATION_SHARE)
    return {"test": images, "validation": held}.get(split, images - held)


def _part(file: Path, split: str) -> tuple[Images, Numbers, Numbers]:
    """Images, labels and ids of a split's part of one batch; an id is the number in the published order."""
    images, labels = batches.read(file)
    rows = np.arange(len(labels))
    if split == "test":
        return images, labels, rows
    number = batches.TRAIN.index(file.name)
    held = held_out(labels, _share(len(labels), "validation"), SEED + number)
    rows = np.flatnonzero(held if split == "validation" else ~held)
    return images[rows], labels[rows], rows + number * batches.IMAGES


DATASET = Cifar10()
