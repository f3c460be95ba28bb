"""The records that a PTB-XL folder holds and lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgebench.core.datasets import SplitInfo
from edgebench.data.ptbxl.index import RATES, TEST_FOLD, VALIDATION_FOLD, read_index

SPLITS = {VALIDATION_FOLD: "validation", TEST_FOLD: "test"}
"""The folds that do not train."""


def info(directory: Path, min_likelihood: float = 0.0) -> list[SplitInfo]:
    """Count the records of each fold and stored rate; a rate of which no record is there is one row.

    A record has a class by its statements of at least `min_likelihood` percent. Raises DataError where the tables
    cannot be read.
    """
    index = read_index(directory, min_likelihood)
    labelled = np.asarray(index.labels.any(axis=1))
    found = []
    for rate in RATES:
        if rate not in index.files:
            continue
        missing = [not _whole(directory / name) for name in index.names(rate, range(len(index.ids)))]
        if all(missing):
            way = f"edgebench data fetch ptbxl {directory} --rate {rate}"
            count = len(missing)
            found.append(SplitInfo(f"{rate} Hz", count, count, 0, count - int(labelled.sum()), way))
            continue
        rows = {fold: (index.folds == fold).nonzero()[0].tolist() for fold in sorted(set(index.folds.tolist()))}
        lacking = ",".join(str(fold) for fold, members in rows.items() if any(missing[row] for row in members))
        way = f"edgebench data fetch ptbxl {directory} --folds {lacking} --rate {rate}"
        for fold, members in rows.items():
            gone = sum(missing[row] for row in members)
            label = f"{rate} Hz, fold {fold} ({SPLITS.get(fold, 'train')})"
            unlabelled = len(members) - int(labelled[members].sum())
            found.append(SplitInfo(label, len(members), gone, 0, unlabelled, way if gone else ""))
    return found


def _whole(record: Path) -> bool:
    return all(record.with_name(record.name + suffix).is_file() for suffix in (".hea", ".dat"))
