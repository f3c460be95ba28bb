"""PTB-XL's two tables: which records there are, their folds, files and superclasses."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.data.signals import SUPERCLASSES

if TYPE_CHECKING:
    import pandas as pd

DATABASE = "ptbxl_database.csv"
STATEMENTS = "scp_statements.csv"
RATES = {100: "filename_lr", 500: "filename_hr"}
"""Sampling rates in hertz, and the column that names the records of each."""
TEST_FOLD, VALIDATION_FOLD = 10, 9


@dataclass(frozen=True)
class Index:
    """The records of one folder, in the order of the database; every array has one row a record."""

    directory: Path
    ids: NDArray[np.int64]
    folds: NDArray[np.int64]
    labels: NDArray[np.uint8]
    """Shape (records, 5), columns in the order of SUPERCLASSES."""
    files: dict[int, list[str]]
    """Path of each record without its suffix, by sampling rate; a rate that the table lacks is not there."""


def fingerprint(directory: Path) -> str:
    """SHA-256 of both tables' content; raises DataError where one is missing."""
    digest = hashlib.sha256()
    for name in (DATABASE, STATEMENTS):
        digest.update(_existing(directory, name).read_bytes())
    return digest.hexdigest()


def require_tables(directory: Path) -> None:
    """Raise DataError where the folder or one of the tables is missing."""
    for name in (DATABASE, STATEMENTS):
        _existing(directory, name)


def read_index(directory: Path) -> Index:
    """Read both tables. Raises DataError with one line for a missing folder, file or column, or a bad value."""
    table = _read_csv(_existing(directory, DATABASE), ["ecg_id", "scp_codes", "strat_fold"])
    classes = _superclass_of(directory)
    labels = np.zeros((len(table), len(SUPERCLASSES)), np.uint8)
    for row, (ecg_id, text) in enumerate(zip(table["ecg_id"], table["scp_codes"], strict=True)):
        for code in _codes(directory, ecg_id, text):
            if code in classes:
                labels[row, SUPERCLASSES.index(classes[code])] = 1
    return Index(
        directory,
        _integers(directory, table, "ecg_id"),
        _integers(directory, table, "strat_fold"),
        labels,
        {rate: [str(f) for f in table[column]] for rate, column in RATES.items() if column in table},
    )


def _existing(directory: Path, name: str) -> Path:
    if not directory.is_dir():
        what = "a file, not a folder" if directory.exists() else "no such folder"
        raise DataError(f"{directory}: {what}; this fetches PTB-XL into one: edgebench data fetch ptbxl FOLDER")
    path = directory / name
    if not path.is_file():
        raise DataError(f"{directory}: no {name} there; fetch it with: edgebench data fetch ptbxl {directory}")
    return path


def _read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable CSV file ({error}); fetch it again") from None
    missing = [c for c in columns if c not in table]
    if missing:
        raise DataError(f"{path}: no column '{missing[0]}'; fetch PhysioNet's own file again")
    return table


def _superclass_of(directory: Path) -> dict[str, str]:
    """Diagnostic statement → superclass, for every statement with `diagnostic == 1`, as PhysioNet's example does."""
    path = _existing(directory, STATEMENTS)
    table = _read_csv(path, ["diagnostic", "diagnostic_class"])
    diagnostic = table[table["diagnostic"] == 1]
    names = diagnostic.iloc[:, 0]
    found = dict(zip(names.astype(str), diagnostic["diagnostic_class"].astype(str), strict=True))
    unknown = sorted(set(found.values()) - set(SUPERCLASSES))
    if unknown or not found:
        raise DataError(f"{path}: diagnostic_class {unknown or 'is empty'}; expected {', '.join(SUPERCLASSES)}")
    return found


def _codes(directory: Path, ecg_id: object, text: object) -> dict[str, float]:
    try:
        codes = ast.literal_eval(str(text))
    except (ValueError, SyntaxError, TypeError):
        codes = None
    if not isinstance(codes, dict):
        shown = str(text)[:40]
        raise DataError(f"{directory / DATABASE}: ecg_id {ecg_id}: scp_codes is not a dictionary: {shown!r}")
    return codes


def _integers(directory: Path, table: pd.DataFrame, column: str) -> NDArray[np.int64]:
    try:
        values = np.asarray(table[column].to_numpy(), dtype=np.float64)
    except ValueError:
        values = np.array([np.nan])
    # An empty cell is not a number either; as an integer it would pass for some training fold.
    if not (np.isfinite(values) & (values == np.rint(values))).all():
        problem = f"column '{column}' holds something that is not a whole number; fetch the table again"
        raise DataError(f"{directory / DATABASE}: {problem}")
    return values.astype(np.int64)
