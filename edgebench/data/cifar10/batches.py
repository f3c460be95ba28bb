"""One file of CIFAR-10's published python batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import BadRecord, DataError
from edgebench.data import bounded_files
from edgebench.data.cifar10.plain_pickle import NotPlain, loads

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-py"
META = "batches.meta"
TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST = ("test_batch",)
IMAGES = 10_000
"""Images of a whole batch."""
SHAPE = (3, 32, 32)
LARGEST = 64 * 2**20
"""Bytes of a file: the published ones have 31 MB, and 45 MB where Python 3 wrote them again."""


def home(directory: Path) -> Path:
    """The folder of the batches: the named one, or the one of that name in it."""
    inner = directory / FOLDER
    return inner if inner.is_dir() else directory


def read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (images, 3, 32, 32) and class numbers of one batch; raises BadRecord."""
    try:
        content = _table(path)
    except DataError as error:
        raise BadRecord(str(error)) from None
    pixels, labels = content.get("data"), content.get("labels")
    if labels is None and "fine_labels" in content:
        raise BadRecord(f"{path}: a file of CIFAR-100, not of CIFAR-10")
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise BadRecord(f"{path}: has no array of bytes named 'data'")
    count = len(pixels)
    if pixels.shape[1] != 3072 or not 0 < count <= IMAGES:
        raise BadRecord(f"{path}: data of shape {pixels.shape}; a batch has up to {IMAGES} rows of 3072 bytes")
    if not isinstance(labels, list) or len(labels) != count:
        raise BadRecord(f"{path}: no list of {count} labels for its {count} images")
    wrong = next((one for one in labels if type(one) is not int or not 0 <= one < len(CLASSES)), None)
    if wrong is not None:
        huge = type(wrong) is int and abs(wrong) >= 10**9  # Python writes no number of thousands of digits
        what = "of many digits" if huge else str(wrong)[:20]
        raise BadRecord(f"{path}: label {what} is outside of the classes 0 to {len(CLASSES) - 1}")
    return pixels.reshape(count, *SHAPE), np.array(labels, np.int64)


def check_classes(folder: Path) -> None:
    """Raise DataError where the folder's own list of classes is another one; it may lack the list."""
    path = folder / META
    if not path.is_file():
        return
    names = _table(path).get("label_names")
    found = [one.decode(errors="replace") if isinstance(one, bytes) else one for one in names or ()]
    if found != list(CLASSES):
        raise DataError(f"{path}: its classes are not CIFAR-10's; fetch it again: edgebench data fetch cifar10 DIR")


def _table(path: Path) -> dict[str, Any]:
    try:
        content = loads(bounded_files.read(path, LARGEST))
    except NotPlain as problem:
        raise DataError(f"{path}: {problem}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: not a batch of CIFAR-10")
    return {name.decode("latin-1") if isinstance(name, bytes) else name: value for name, value in content.items()}
