"""PTB-XL (Wagner et al., Scientific Data 7, 154, 2020) in PhysioNet's layout, versions 1.0.1 to 1.0.3."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.data import record_cache
from edgebench.data.bad_records import settle
from edgebench.data.chosen_options import chosen
from edgebench.data.ptbxl import fetch as fetching
from edgebench.data.ptbxl import info as counting
from edgebench.data.ptbxl import tables
from edgebench.data.ptbxl.index import RATES, TEST_FOLD, VALIDATION_FOLD, Index, opened
from edgebench.data.ptbxl.statements import MOST_LIKELIHOOD
from edgebench.data.ptbxl.view import OPTIONS, View, view_of
from edgebench.data.ptbxl.wfdb_records import VERSION, parse_all
from edgebench.data.signals import SUPERCLASSES, stored

CALIBRATION_SEED = 20


class PtbXl:
    """Splits by `strat_fold`: 10 is the test set, 9 the validation set, the others train.

    A record is scored once, by the answer for its one window.
    """

    name = "ptbxl"
    label = "PTB-XL"
    summary = "PTB-XL, 21799 clinical 12-lead ECGs: edgebench data fetch ptbxl DIR, then --data-dir DIR"
    classes = SUPERCLASSES
    license = "CC-BY-4.0"
    task = "multilabel"
    unit = ""
    options: Mapping[str, Option] = {
        **OPTIONS,
        "min_likelihood": Option("0", "percent from which on a statement counts; 0 for every statement"),
    }
    fetch_options: Mapping[str, Option] = {
        "folds": Option(",".join(map(str, fetching.FOLDS)), "folds, such as 9,10 or 1-10"),
        "rate": Option("100", "samples a second", tuple(map(str, RATES))),
    }
    splits: Mapping[Split, str] = {"train": "folds 1-8", "validation": "fold9", "test": "fold10"}

    def check(self, request: DataRequest) -> None:
        """Raise DataError where the folder or its tables are missing."""
        _folder(request.directory)
        self._asked(request.options)

    def _asked(self, options: Mapping[str, str]) -> tuple[View, float]:
        """The part of each record, and the least likelihood in percent; raises DataError."""
        given = chosen(self.name, self.options, options)
        text = given["min_likelihood"]
        try:
            likelihood = float(text)
        except ValueError:
            likelihood = math.nan
        if not 0 <= likelihood <= MOST_LIKELIHOOD:
            raise DataError(f"min_likelihood {text[:40]}: must be from 0 to {MOST_LIKELIHOOD:g} percent")
        return view_of(given), likelihood

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the records of one split; the first load parses them and writes a cache.

        Raises DataError for missing or malformed files and, without `skip_bad_records`, for the first bad record.
        """
        folder, (view, likelihood) = _folder(request.directory), self._asked(request.options)
        index = opened(folder, likelihood)
        rows, unlabelled = _select(index, request, view.stored_hz)
        names = index.names(view.stored_hz, rows)

        def make(to: Path) -> RecordSet:
            paths = [folder / name for name in names]
            _check_rate(folder, view.stored_hz, paths[0], request.options)
            label = self.label + view.label + (f", likelihood >= {likelihood:g}" if likelihood else "")
            records = RecordSet(
                self.name, label, request.split, stored(to / "input.npy", view.spec), index.labels[rows],
                index.ids[rows], self.classes, self.task, self.unit, unlabelled=unlabelled,
            )  # fmt: skip
            return settle(records, parse_all(paths, view, to / "input.npy", progress), request.skip_bad_records)

        # What the tables say of the records decides, too; their text alone does not.
        said = (index.ids[rows].tobytes(), index.labels[rows].tobytes(), unlabelled, likelihood)
        files = [f"{name}{suffix}" for name in names for suffix in (".hea", ".dat")]
        return record_cache.load(request, self.name, (VERSION, view, *said), folder, files, make)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the records of each fold and rate; raises DataError where the tables cannot be read."""
        return counting.info(_folder(directory), self._asked(options)[1])

    def fetch(
        self, directory: Path, options: Mapping[str, str] = NO_OPTIONS, url: str = "", progress: Progress | None = None
    ) -> str:
        """Download the tables and the records of some folds; `progress` is called with files."""
        given = chosen(self.name, self.fetch_options, options)
        folds, rate = fetching.folds_of(given["folds"]), int(given["rate"])
        done = fetching.fetch(directory, folds, rate, url or fetching.URL, progress=progress)
        return f"{done.records} records in {directory}; {done.downloaded} files downloaded"


def _folder(directory: Path | None) -> Path:
    """The folder, which has both tables; raises DataError."""
    if directory is None:
        raise DataError("ptbxl needs its folder: pass --data-dir DIR (edgebench data fetch ptbxl DIR fills one)")
    tables.require_tables(directory)
    return directory


def _select(index: Index, request: DataRequest, rate: int) -> tuple[NDArray[np.int64], int]:
    """Rows of the split in the table's order, and how many records without a class were left out."""
    wanted = {
        "test": index.folds == TEST_FOLD,
        "validation": index.folds == VALIDATION_FOLD,
    }.get(request.split, (index.folds != TEST_FOLD) & (index.folds != VALIDATION_FOLD))
    if not wanted.any():
        raise DataError(f"{index.directory}: no record in the {request.split} split (strat_fold); fetch that fold")
    labelled = index.labels.any(axis=1)
    unlabelled = 0
    if not request.keep_unlabelled:
        unlabelled = int((wanted & ~labelled).sum())
        wanted = wanted & labelled
    rows = np.flatnonzero(wanted)
    if not len(rows):
        raise DataError(f"{index.directory}: no labelled record in the {request.split} split; see --keep-unlabelled")
    if request.split == "calibration":
        # A device may hold only a part of the training folds: calibrate on those.
        names = index.names(rate, rows)
        there = [(index.directory / f"{name}.dat").is_file() for name in names]
        rows = rows[np.array(there, dtype=np.bool_)]
        if not len(rows):
            raise DataError(
                f"{index.directory}: no training-fold record to calibrate int8 on; "
                f"fetch one fold: edgebench data fetch ptbxl {index.directory} --folds 1 --rate {rate}"
            )
    if request.limit is not None and request.limit < len(rows):
        chosen = np.random.default_rng(CALIBRATION_SEED).permutation(len(rows))[: request.limit]
        rows = rows[np.sort(chosen)]
    return rows, unlabelled


def _check_rate(folder: Path, rate: int, first: Path, options: Mapping[str, str]) -> None:
    """Raise DataError for a rate that was not fetched at all, instead of one for its first missing file."""
    if not first.parent.exists() and not (folder / f"records{rate}").exists():
        other = " or resample the others: from_hz=100" if rate == 500 and "from_hz" not in options else ""
        raise DataError(
            f"{folder}: no records{rate} folder, so no {rate} Hz records; "
            f"fetch them: edgebench data fetch ptbxl {folder} --rate {rate}{other}"
        )


DATASET = PtbXl()
