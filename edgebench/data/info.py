"""The records that a PTB-XL folder holds and lacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgebench.data.ptbxl.index import RATES, read_index


@dataclass(frozen=True)
class FoldInfo:
    """One fold at one rate."""

    fold: int
    rate_hz: int
    records: int
    """Records that the table lists."""
    present: int
    """Records whose header and samples are both there."""
    labelled: int
    """Records with at least one superclass."""


def info(directory: Path, min_likelihood: float = 0.0) -> list[FoldInfo]:
    """Count the records of each fold and rate; raises DataError where the tables cannot be read.

    A record has a class by its statements of at least `min_likelihood` percent.
    """
    index = read_index(directory, min_likelihood)
    found = []
    for rate in RATES:
        if rate not in index.files:
            continue
        there = [_whole(directory / name) for name in index.names(rate, range(len(index.ids)))]
        for fold in sorted(set(index.folds.tolist())):
            rows = [i for i, f in enumerate(index.folds) if f == fold]
            labelled = int(index.labels[rows].any(axis=1).sum())
            found.append(FoldInfo(fold, rate, len(rows), sum(there[i] for i in rows), labelled))
    return found


def _whole(record: Path) -> bool:
    return all(record.with_name(record.name + suffix).is_file() for suffix in (".hea", ".dat"))
