"""The records of a bundle: the test records of the machine that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebench.core import json_file
from edgebench.core.contracts import DataRequest, Progress, RecordSet, Split
from edgebench.core.errors import DataError
from edgebench.core.files import sha256, sha256_of
from edgebench.core.validation import validated
from edgebench.data import cache
from edgebench.data.about_records import AboutRecords
from edgebench.data.arrays import open_array
from edgebench.data.signals import SUPERCLASSES

ABOUT = "about.json"
"""The description of the records; it names those that were left out, too."""


class Bundled:
    """Test records out of an opened bundle."""

    name = "bundle"
    label = "the records of a bundle"
    summary = "the records in a bundle; edgebench measure BUNDLE reads them by itself"
    classes = SUPERCLASSES
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
        ids = np.array(open_array(folder / "ids.npy", np.int64, None))
        labels = np.array(open_array(folder / "labels.npy", np.uint8, len(ids), len(about.classes)))
        open_array(folder / "signals.npy", np.int16, len(ids), *about.input.shape)
        records = RecordSet(
            about.dataset, about.label, about.split, folder / "signals.npy", labels, ids, about.classes, about.input,
            about.dropped, about.unlabelled,
            tuple(replace(known, logits=str(folder / known.logits)) for known in about.references),
        )  # fmt: skip
        if labels.max(initial=0) > 1:
            raise DataError(f"{folder / 'labels.npy'}: a label is neither 0 nor 1")
        for known in records.references:
            if Path(known.logits).parent != folder:
                raise DataError(f"{folder / ABOUT}: the logits of {known.model} are not a file beside it")
            if len(known.thresholds) != len(about.classes):
                raise DataError(f"{folder / ABOUT}: the thresholds of {known.model} are not those of its classes")
            if not np.isfinite(open_array(Path(known.logits), np.float32, *labels.shape)).all():
                raise DataError(f"{known.logits}: logits that are not finite")
        return records if request.limit is None or request.limit >= len(records) else _first(records, request.limit)


def _about(folder: Path) -> AboutRecords:
    path = folder / ABOUT
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    return validated(AboutRecords, data, str(path), DataError)


def _first(records: RecordSet, limit: int) -> RecordSet:
    """The first records, in the cache."""

    def make(folder: Path) -> None:
        np.save(folder / "signals.npy", np.load(records.signals, mmap_mode="r")[:limit])
        cache.save(folder, records.labels[:limit], records.ids[:limit], {})

    content = sha256_of(sha256(records.signals), records.labels.tobytes().hex(), records.ids.tobytes().hex())
    entry = cache.open_or_make(f"bundle-{content[:24]}-{limit}-{cache.FORMAT}", make)
    return replace(records, signals=entry.signals, labels=entry.labels, ids=entry.ids)


DATASET = Bundled()
