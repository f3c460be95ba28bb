"""PTB-XL (Wagner et al., Scientific Data 7, 154, 2020) in PhysioNet's layout, versions 1.0.1 to 1.0.3."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import DataRequest, InputContract, Progress, RecordSet, Split
from edgebench.core.errors import BadRecord, DataError, MissingPackage
from edgebench.data import cache
from edgebench.data.ptbxl.index import RATES, TEST_FOLD, VALIDATION_FOLD, Index, fingerprint, read_index, require_tables
from edgebench.data.signals import SUPERCLASSES

SECONDS = 10
CALIBRATION_SEED = 20


class PtbXl:
    """Splits by `strat_fold`: 10 is the test set, 9 the validation set, the others train."""

    name = "ptbxl"
    label = "PTB-XL"
    summary = "PTB-XL, 21799 clinical 12-lead ECGs: edgebench data fetch ptbxl DIR, then --data-dir DIR"
    classes = SUPERCLASSES
    license = "CC-BY-4.0"
    splits: Mapping[Split, str] = {"train": "folds 1-8", "validation": "fold9", "test": "fold10"}

    def check(self, request: DataRequest) -> None:
        """Raise DataError where the folder or its tables are missing."""
        if request.directory is None:
            raise DataError("ptbxl needs its folder: pass --data-dir DIR (edgebench data fetch ptbxl DIR fills one)")
        if request.rate_hz not in RATES:
            raise DataError(f"PTB-XL has no {request.rate_hz} Hz records; choose {' or '.join(map(str, RATES))}")
        require_tables(request.directory)

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the records of one split; the first load parses them and writes a cache.

        Raises DataError for missing or malformed files and, without `skip_bad_records`, for the first bad record.
        """
        self.check(request)
        assert request.directory is not None
        key = _key(request, fingerprint(request.directory))
        try:
            entry = cache.open_or_make(key, lambda folder: _make(request, folder, progress))
        except ModuleNotFoundError as error:
            raise MissingPackage(error.name or "wfdb", "data", "reading PTB-XL") from None
        contract = InputContract(samples=SECONDS * request.rate_hz, rate_hz=request.rate_hz)
        return RecordSet(
            self.name, self.label, request.split, entry.signals, entry.labels, entry.ids, self.classes, contract,
            tuple(entry.meta["dropped"]), entry.meta["unlabelled"],
        )  # fmt: skip


def _key(request: DataRequest, content: str) -> str:
    """Name of the cache entry, made from everything that decides its content."""
    # The folder counts too: two folders with the same tables may hold different records.
    place = (
        str(Path(str(request.directory)).resolve())
        if request.split == "calibration" or request.skip_bad_records
        else ""
    )
    options = (cache.FORMAT, content, place, request.limit, request.keep_unlabelled, request.skip_bad_records)
    digest = hashlib.sha256(repr(options).encode()).hexdigest()[:16]
    return f"ptbxl-{request.split}-{request.rate_hz}hz-{digest}"


def _make(request: DataRequest, folder: Path, progress: Progress | None) -> None:
    from edgebench.data.ptbxl.wfdb_records import parse_all

    assert request.directory is not None
    index = read_index(request.directory)
    if request.rate_hz not in index.files:
        raise DataError(f"{request.directory}: its table has no column '{RATES[request.rate_hz]}'")
    rows, unlabelled = _select(index, request)
    paths = [request.directory / index.files[request.rate_hz][row] for row in rows]
    _check_rate(request, paths[0])
    problems = parse_all(paths, request.rate_hz, SECONDS * request.rate_hz, folder / "signals.npy", progress)
    bad = [p for p in problems if p]
    if bad and not request.skip_bad_records:
        more = f" (and {len(bad) - 1} more bad records)" if len(bad) > 1 else ""
        raise BadRecord(f"{bad[0]}{more}; fetch the damaged files again, or leave them out with --skip-bad-records")
    if len(bad) == len(rows):
        raise DataError(f"{request.directory}: every record of the {request.split} split is bad; the first: {bad[0]}")
    if bad:
        rows = _without_bad(folder / "signals.npy", rows, problems)
    cache.save(folder, index.labels[rows], index.ids[rows], {"dropped": bad, "unlabelled": unlabelled})


def _select(index: Index, request: DataRequest) -> tuple[NDArray[np.int64], int]:
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
        files = index.files[request.rate_hz]
        rows = np.array([r for r in rows if (index.directory / f"{files[r]}.dat").is_file()], dtype=np.int64)
        if not len(rows):
            raise DataError(
                f"{index.directory}: no training-fold record to calibrate int8 on; "
                f"fetch one fold: edgebench data fetch ptbxl {index.directory} --folds 1 --rate {request.rate_hz}"
            )
    if request.limit is not None and request.limit < len(rows):
        chosen = np.random.default_rng(CALIBRATION_SEED).permutation(len(rows))[: request.limit]
        rows = rows[np.sort(chosen)]
    return rows, unlabelled


def _check_rate(request: DataRequest, first: Path) -> None:
    """Raise DataError for a rate that was not fetched at all, instead of one for its first missing file."""
    assert request.directory is not None
    folder = request.directory / f"records{request.rate_hz}"
    if not first.parent.exists() and not folder.exists():
        raise DataError(
            f"{request.directory}: no records{request.rate_hz} folder, so no {request.rate_hz} Hz records; "
            f"fetch them: edgebench data fetch ptbxl {request.directory} --rate {request.rate_hz}"
        )


def _without_bad(signals: Path, rows: NDArray[np.int64], problems: list[str]) -> NDArray[np.int64]:
    good = np.array([not p for p in problems])
    np.save(signals, np.load(signals, mmap_mode="r")[good])
    kept: NDArray[np.int64] = rows[good]
    return kept


DATASET = PtbXl()
