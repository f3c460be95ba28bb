"""PTB-XL (Wagner et al., Scientific Data 7, 154, 2020) in PhysioNet's layout, versions 1.0.1 to 1.0.3."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import DataRequest, Option, RecordSet
from edgebench.core.errors import BadRecord, DataError
from edgebench.data import cache
from edgebench.data.chosen_options import chosen
from edgebench.data.ptbxl import tables
from edgebench.data.ptbxl.index import RATES, TEST_FOLD, VALIDATION_FOLD, Index, opened
from edgebench.data.ptbxl.stamps import stamp
from edgebench.data.ptbxl.statements import MOST_LIKELIHOOD
from edgebench.data.ptbxl.wfdb_records import SECONDS, VERSION, parse_all
from edgebench.data.signals import SUPERCLASSES, ecg, stored

CALIBRATION_SEED = 20


class PtbXl:
    """Splits by `strat_fold`: 10 is the test set, 9 the validation set, the others train."""

    name = "ptbxl"
    label = "PTB-XL"
    summary = "PTB-XL, 21799 clinical 12-lead ECGs: edgebench data fetch ptbxl DIR, then --data-dir DIR"
    classes = SUPERCLASSES
    license = "CC-BY-4.0"
    task = "multilabel"
    unit = ""
    options: Mapping[str, Option] = {
        "rate_hz": Option("100", "samples a second", tuple(map(str, RATES))),
        "min_likelihood": Option("0", "percent from which on a statement counts; 0 for every statement"),
    }
    splits: Mapping[Split, str] = {"train": "folds 1-8", "validation": "fold9", "test": "fold10"}

    def check(self, request: DataRequest) -> None:
        """Raise DataError where the folder or its tables are missing."""
        if request.directory is None:
            raise DataError("ptbxl needs its folder: pass --data-dir DIR (edgebench data fetch ptbxl DIR fills one)")
        self._options(request)
        tables.require_tables(request.directory)

    def _options(self, request: DataRequest) -> tuple[int, float]:
        """The rate in Hz and the least likelihood in percent; raises DataError."""
        options = chosen(self.name, self.options, request.options)
        text = options["min_likelihood"]
        try:
            likelihood = float(text)
        except ValueError:
            likelihood = math.nan
        if not 0 <= likelihood <= MOST_LIKELIHOOD:
            raise DataError(f"min_likelihood {text[:40]}: must be from 0 to {MOST_LIKELIHOOD:g} percent")
        return int(options["rate_hz"]), likelihood

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the records of one split; the first load parses them and writes a cache.

        Raises DataError for missing or malformed files and, without `skip_bad_records`, for the first bad record.
        """
        self.check(request)
        directory = request.directory
        assert directory is not None
        rate, likelihood = self._options(request)
        index = opened(directory, likelihood)
        rows, unlabelled = _select(index, request, rate)
        names = index.names(rate, rows)
        at_first = stamp(directory, names)

        def make(folder: Path) -> None:
            _make(request, rate, index, rows, unlabelled, names, folder, progress)
            if stamp(directory, names) != at_first:
                raise DataError(f"{directory}: its files changed while they were read; try again")

        # Everything that decides the content: what is asked, what the tables say, and which files the samples are in.
        asked = (cache.FORMAT, VERSION, index.ids[rows].tobytes(), index.labels[rows].tobytes(), unlabelled, at_first)
        digest = hashlib.sha256(repr((*asked, request.skip_bad_records)).encode()).hexdigest()[:24]
        entry = cache.open_or_make(f"ptbxl-{request.split}-{rate}hz-{digest}", make)
        inputs = stored(entry.signals, ecg(samples=SECONDS * rate, rate_hz=rate))
        label = self.label + (f", likelihood >= {likelihood:g}" if likelihood else "")
        return RecordSet(
            self.name, label, request.split, inputs, entry.labels, entry.ids, self.classes, self.task, self.unit,
            tuple(entry.meta["dropped"]), entry.meta["unlabelled"],
        )  # fmt: skip


def _make(
    request: DataRequest, rate: int, index: Index, rows: NDArray[np.int64], unlabelled: int, names: list[str],
    folder: Path, progress: Progress | None,
) -> None:  # fmt: skip
    """Fill the folder of a new cache entry."""
    paths = [index.directory / name for name in names]
    _check_rate(request, rate, paths[0])
    problems = parse_all(paths, rate, SECONDS * rate, folder / "signals.npy", progress)
    bad = [p for p in problems if p]
    if bad and not request.skip_bad_records:
        more = f" (and {len(bad) - 1} more bad records)" if len(bad) > 1 else ""
        raise BadRecord(f"{bad[0]}{more}; fetch the damaged files again, or leave them out with --skip-bad-records")
    if len(bad) == len(rows):
        raise DataError(f"{request.directory}: every record of the {request.split} split is bad; the first: {bad[0]}")
    if bad:
        rows = _without_bad(folder / "signals.npy", rows, problems)
    cache.save(folder, index.labels[rows], index.ids[rows], {"dropped": bad, "unlabelled": unlabelled})


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


def _check_rate(request: DataRequest, rate: int, first: Path) -> None:
    """Raise DataError for a rate that was not fetched at all, instead of one for its first missing file."""
    assert request.directory is not None
    folder = request.directory / f"records{rate}"
    if not first.parent.exists() and not folder.exists():
        raise DataError(
            f"{request.directory}: no records{rate} folder, so no {rate} Hz records; "
            f"fetch them: edgebench data fetch ptbxl {request.directory} --rate {rate}"
        )


def _without_bad(signals: Path, rows: NDArray[np.int64], problems: list[str]) -> NDArray[np.int64]:
    good = np.array([not p for p in problems])
    np.save(signals, np.load(signals, mmap_mode="r")[good])
    kept: NDArray[np.int64] = rows[good]
    return kept


DATASET = PtbXl()
