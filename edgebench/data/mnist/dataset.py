"""MNIST (LeCun, Cortes, Burges) as its published IDX files: 60,000 training and 10,000 test digits, 28x28 grey.

It has no validation split: 5,000 training digits, each class in proportion, are held out by a fixed seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.data import record_cache
from edgebench.data.bounded_files import is_file, require_folder
from edgebench.data.chosen_options import chosen
from edgebench.data.fetching.download import Downloader, Published
from edgebench.data.mnist import idx
from edgebench.data.splitting import held_out, limited

PARSER = 1
SEED = 28
HELD_OUT = 5_000 / 60_000
SHAPE = (1, 28, 28)
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
WAY = "edgebench data fetch mnist DIR fills one"
URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
PUBLISHED = (
    Published("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
    Published("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
    Published("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
    Published("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
)


class Mnist:
    """Train, test, and a validation split that is held out of train."""

    name = "mnist"
    label = "MNIST"
    summary = "MNIST, 70000 handwritten digits of 28x28; validation: 5,000 held out of train by a fixed seed"
    license = "none stated by the publisher"
    splits: Mapping[Split, str] = {"train": "train without 5,000", "validation": "5,000 of train", "test": "test"}
    task = "classification"
    classes = tuple("0123456789")
    unit = ""
    options: Mapping[str, Option] = {}
    fetch_options: Mapping[str, Option] = {}

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the digits of one split; the first load parses the files and writes a cache. Raises DataError."""
        folder = _home(require_folder(self.name, request.directory, WAY))
        chosen(self.name, self.options, request.options)
        images, labels = _files(folder, request.split)
        make = partial(self._make, request, images, labels)
        return record_cache.load(request, self.name, (PARSER,), folder, [images.name, labels.name], make)

    def _make(self, request: DataRequest, images: Path, labels: Path, to: Path) -> RecordSet:
        pixels, numbers = _read(images, labels)
        rows = limited(_rows(numbers, request.split), request.limit)
        path = to / "input.npy"
        np.save(path, pixels[rows].reshape(-1, *SHAPE))
        spec = InputSpec(SHAPE, ("channel", "row", "column"))
        stored = StoredInput("input", spec, Storage("uint8", 255.0), path)
        return RecordSet(self.name, self.label, request.split, (stored,), numbers[rows], rows, self.classes, self.task)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the digits of each split; a file that is missing or damaged has none that count."""
        chosen(self.name, self.options, options)
        folder = _home(require_folder(self.name, directory, WAY))
        found = []
        for split in self.splits:
            images, labels = _files(folder, split)
            whole = {"train": 55_000, "validation": 5_000}.get(split, 10_000)
            if not (is_file(images) and is_file(labels)):
                found.append(SplitInfo(split, whole, whole, 0, 0))
                continue
            try:
                found.append(SplitInfo(split, len(_rows(_read(images, labels)[1], split)), 0, 0, 0))
            except DataError as error:
                found.append(SplitInfo(split, whole, 0, whole, 0, str(error)))
        return found

    def fetch(
        self, directory: Path, options: Mapping[str, str] = NO_OPTIONS, url: str = "", progress: Progress | None = None
    ) -> str:
        """Download the four files that are not there, or not whole."""
        chosen(self.name, self.fetch_options, options)
        with Downloader(url or URL, directory, progress) as downloader:
            done = sum(downloader.get_all(PUBLISHED))
        return f"{self.label} in {directory}; {done} files downloaded"


def _home(directory: Path) -> Path:
    """The folder of the files: torchvision puts them into MNIST/raw."""
    inner = directory / "MNIST" / "raw"
    return inner if inner.is_dir() else directory


def _files(folder: Path, split: str) -> tuple[Path, Path]:
    images, labels = FILES["test" if split == "test" else "train"]
    return idx.find(folder, images), idx.find(folder, labels)


def _rows(labels: NDArray[np.int64], split: str) -> NDArray[np.int64]:
    """Numbers of a split's digits in their file."""
    if split == "test":
        return np.arange(len(labels))
    held = held_out(labels, round(len(labels) * HELD_OUT), SEED)
    return np.flatnonzero(held if split == "validation" else ~held)


def _read(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    for path in (images, labels):
        if not is_file(path):
            raise DataError(f"{path}: missing; {WAY}")
    pixels, numbers = idx.read(images, 3), idx.read(labels, 1).astype(np.int64)
    if pixels.shape[1:] != SHAPE[1:] or not len(pixels):
        raise DataError(f"{images}: images of shape {pixels.shape}; MNIST has 28x28")
    if len(pixels) != len(numbers):
        raise DataError(f"{labels}: {len(numbers)} labels for {len(pixels)} images")
    if (numbers > 9).any():
        raise DataError(f"{labels}: label {numbers.max()} is outside of the classes 0 to 9")
    return pixels, numbers


DATASET = Mnist()
