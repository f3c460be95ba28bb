"""The records of a bundle: the test records of the machine that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import json_file
from edgebench.core.arrays import mapped
from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import DataRequest, Option, RecordSet
from edgebench.core.errors import DataError
from edgebench.core.files import sha256, sha256_of
from edgebench.core.inputs import StoredInput
from edgebench.core.tasks import base_of
from edgebench.core.validation import validated
from edgebench.data import cache, earlier_input
from edgebench.data.about_records import AboutRecords

TARGETS: dict[str, tuple[Any, ...]] = {
    "multilabel": (np.uint8, "outputs"), "classification": (np.int64,), "regression": (np.float64, "outputs")
}  # fmt: skip
"""The type of each task's targets, and their axes after that of the records."""
ABOUT = "about.json"
"""The description of the records; it names those that were left out, too."""


class Bundled:
    """Test records out of an opened bundle."""

    name = "bundle"
    label = "the records of a bundle"
    summary = "the records in a bundle; edgebench measure BUNDLE reads them by itself"
    classes: tuple[str, ...] = ()
    task = ""
    unit = ""
    options: Mapping[str, Option] = {}
    license = "that of the records' source"
    splits: Mapping[Split, str] = {"test": "test"}

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Open the records in `request.directory`, memory-mapped; raises DataError."""
        folder = request.directory
        if folder is None or not (folder / ABOUT).is_file():
            raise DataError(f"{folder or 'the dataset bundle'}: no records of a bundle: edgebench measure BUNDLE")
        if request.split != "test":
            raise DataError(f"{folder}: a bundle has the test records only, not the {request.split} split")
        about = _about(folder)
        ids = _ids(folder / "ids.npy")
        targets = _targets(folder / "labels.npy", about, len(ids)) if about.labelled else None
        path = folder / "signals.npy"
        inputs = [StoredInput(about.input_name, about.input, about.storage, path)]
        for number, one in enumerate(about.further):
            inputs.append(StoredInput(one.name, one.spec, one.storage, folder / f"further-{number}.npy"))
        for stored in inputs:
            mapped(stored.path, stored.storage.dtype, len(ids), *stored.spec.shape)
        records = RecordSet(
            about.dataset, about.label, about.split,
            tuple(inputs), targets, ids, about.classes,
            about.task, about.unit, about.dropped, about.unlabelled,
            tuple(replace(known, logits=str(folder / known.logits)) for known in about.references),
        )  # fmt: skip
        for known in records.references:
            if Path(known.logits).parent != folder:
                raise DataError(f"{folder / ABOUT}: the logits of {known.model} are not a file beside it")
            if base_of(about.task) == "multilabel" and len(known.thresholds) != len(about.classes):
                raise DataError(f"{folder / ABOUT}: the thresholds of {known.model} are not those of its classes")
            if not np.isfinite(mapped(Path(known.logits), np.float32, len(ids), len(about.classes))).all():
                raise DataError(f"{known.logits}: logits that are not finite")
        return records if request.limit is None or request.limit >= len(records) else _first(records, request.limit)


def _about(folder: Path) -> AboutRecords:
    path = folder / ABOUT
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    return validated(AboutRecords, earlier_input.described(data), str(path), DataError)


def _ids(path: Path) -> NDArray[Any]:
    """Numbers or texts; raises DataError."""
    found = mapped(path, None, None)
    if found.dtype.kind not in "iU" or (found.dtype.kind == "i" and found.dtype != np.int64):
        raise DataError(f"{path}: ids of type {found.dtype}, not numbers (int64) or texts")
    return np.array(found)


def _targets(path: Path, about: AboutRecords, count: int) -> NDArray[Any]:
    """The targets, as the task of the records has them; raises DataError."""
    kind, *shape = TARGETS.get(base_of(about.task), TARGETS["regression"])
    found = np.array(mapped(path, kind, count, *(len(about.classes) for _ in shape)))
    if base_of(about.task) == "multilabel" and found.max(initial=0) > 1:
        raise DataError(f"{path}: a label is neither 0 nor 1")
    if base_of(about.task) == "classification" and not ((found >= 0) & (found < len(about.classes))).all():
        raise DataError(f"{path}: a label is none of its {len(about.classes)} classes")
    return found


def _first(records: RecordSet, limit: int) -> RecordSet:
    """The first records, in the cache."""

    def make(folder: Path) -> None:
        for number, one in enumerate(records.inputs):
            np.save(folder / f"input-{number}.npy", np.load(one.path, mmap_mode="r")[:limit])

    content = sha256_of(*(sha256(one.path) for one in records.inputs))
    folder = cache.folder_of(f"bundle-{content[:24]}-{limit}-{cache.FORMAT}", make)
    inputs = tuple(replace(one, path=folder / f"input-{n}.npy") for n, one in enumerate(records.inputs))
    targets = None if records.targets is None else records.targets[:limit]
    return replace(records, inputs=inputs, targets=targets, ids=records.ids[:limit])


DATASET = Bundled()
