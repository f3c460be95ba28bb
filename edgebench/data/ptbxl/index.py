"""The records of a PTB-XL folder: their numbers, folds, files and superclasses."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.data import cache
from edgebench.data.ptbxl import tables
from edgebench.data.ptbxl.statements import statements, superclasses
from edgebench.data.ptbxl.tables import DATABASE, STATEMENTS, Table
from edgebench.data.signals import SUPERCLASSES

RATES = {100: "filename_lr", 500: "filename_hr"}
"""Sampling rates in hertz, and the column that names the records of each."""
VERSION = 1
"""Raised when the same tables give another index, so that earlier ones are not used."""
ARRAYS = ("ids", "folds", "labels")
TEST_FOLD, VALIDATION_FOLD = 10, 9
WHOLE = re.compile(r"(\d{1,18})(\.0*)?", re.ASCII)
PLAIN = re.compile(r"(?:\w[\w-]{0,63}/){0,8}\w[\w-]{0,63}", re.ASCII)
NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True)
class Index:
    """The records of one folder, in the order of the database; every array has one row a record."""

    directory: Path
    ids: NDArray[np.int64]
    folds: NDArray[np.int64]
    labels: NDArray[np.uint8]
    """Shape (records, 5), columns in the order of SUPERCLASSES."""
    files: dict[int, list[str]]
    """The records as the table names them, by sampling rate; a rate that the table lacks is not there."""

    def names(self, rate_hz: int, rows: Iterable[int]) -> list[str]:
        """Path of each of these records below the folder, without suffix; raises DataError for a name that is none."""
        if rate_hz not in self.files:
            raise DataError(f"{self.directory}: its table has no column '{RATES[rate_hz]}'")
        return [self._name(rate_hz, row) for row in rows]

    def _name(self, rate_hz: int, row: int) -> str:
        given = self.files[rate_hz][row]
        if PLAIN.fullmatch(given):
            return given
        given = given.replace("\\", "/")  # of a table that was written again on Windows
        path = PurePosixPath(given)
        where = f"{self.directory / DATABASE}: ecg_id {self.ids[row]}: {RATES[rate_hz]}"
        if not NAME.fullmatch(given) or not path.name:
            raise DataError(f"{where} {given[:40]!r} names no record")
        if path.is_absolute() or ".." in path.parts:
            raise DataError(f"{where} {given[:40]!r} leads out of the folder")
        return str(path)


def opened(directory: Path, min_likelihood: float) -> Index:
    """The same as `read_index`, from the cache once the tables were read; they are opened in a tenth of the time."""
    content = tables.content(directory)

    def make(folder: Path) -> None:
        index = index_of(directory, content, min_likelihood)
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(index, name))
        (folder / "names.json").write_text(json.dumps(list(index.files.items())))

    known = hashlib.sha256(repr((VERSION, tables.fingerprint(content), min_likelihood)).encode()).hexdigest()[:24]
    folder = cache.folder_of(f"ptbxl-tables-{known}", make)
    ids, folds, labels = (np.load(folder / f"{name}.npy") for name in ARRAYS)
    return Index(directory, ids, folds, labels, dict(json.loads((folder / "names.json").read_bytes())))


def read_index(directory: Path, min_likelihood: float = 0.0) -> Index:
    """Read both tables; a statement counts where its likelihood is `min_likelihood` percent or more.

    Raises DataError with one line for a missing folder, file or column, or a bad value.
    """
    return index_of(directory, tables.content(directory), min_likelihood)


def index_of(directory: Path, content: tuple[bytes, bytes], min_likelihood: float = 0.0) -> Index:
    """The same for tables that were read before."""
    table = tables.rows_of(directory / DATABASE, content[0])
    classes = superclasses(tables.rows_of(directory / STATEMENTS, content[1]))
    ids = _integers(table, "ecg_id", 0)
    if len(repeated := np.flatnonzero(np.bincount(np.unique(ids, return_inverse=True)[1]) > 1)):
        raise DataError(f"{table.path}: ecg_id {np.unique(ids)[repeated[0]]} is there twice; fetch the table again")
    folds = _integers(table, "strat_fold", 1, 10)
    labels = np.zeros((len(ids), len(SUPERCLASSES)), np.uint8)
    for row, text in enumerate(table.column("scp_codes")):
        found = statements(text)
        if found is None:
            problem = f"scp_codes is not a dictionary of likelihoods: {text[:40]!r}"
            raise DataError(f"{table.path}: ecg_id {ids[row]}: {problem}")
        for code, likelihood in found.items():
            if code in classes and likelihood >= min_likelihood:
                labels[row, SUPERCLASSES.index(classes[code])] = 1
    files = {rate: table.column(column) for rate, column in RATES.items() if column in table.columns}
    return Index(directory, ids, folds, labels, files)


def _integers(table: Table, column: str, least: int, most: int = 10**18) -> NDArray[np.int64]:
    """A column of whole numbers; an empty fold would otherwise pass for some training fold."""
    values = np.zeros(len(table.rows), np.int64)
    for row, text in enumerate(table.column(column)):
        found = WHOLE.fullmatch(text)
        if found is None or not least <= int(found[1]) <= most:
            bound = f" from {least} to {most}" if most < 10**18 else ""
            problem = f"column '{column}' holds {text[:40]!r} in row {row + 1}, not a whole number{bound}"
            raise DataError(f"{table.path}: {problem}; fetch the table again")
        values[row] = int(found[1])
    return values
