"""PTB-XL's two tables: where they are, and their rows as text, within bounds."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgebench.core.errors import DataError

DATABASE = "ptbxl_database.csv"
STATEMENTS = "scp_statements.csv"
MOST_BYTES = 64 * 2**20
"""PhysioNet's larger table has 6 MB."""
DEEPEST, MOST_FOLDERS = 4, 2000
"""How far below the given folder the tables are looked for."""


@dataclass(frozen=True)
class Table:
    """The rows of one table; a value that is not there is an empty text."""

    path: Path
    columns: tuple[str, ...]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """One value a row; raises DataError where the table has no such column."""
        if name not in self.columns:
            raise DataError(f"{self.path}: no column '{name}'; fetch PhysioNet's own file again")
        at = self.columns.index(name)
        return [row[at].strip() for row in self.rows]


def require_tables(directory: Path) -> None:
    """Raise DataError where the folder or one of the tables is missing; it names the folder that has them."""
    if not directory.is_dir():
        what = "a file, not a folder" if directory.exists() else "no such folder"
        raise DataError(f"{directory}: {what}; this fetches PTB-XL into one: edgebench data fetch ptbxl FOLDER")
    for name in (DATABASE, STATEMENTS):
        if not (directory / name).is_file():
            raise DataError(f"{directory}: no {name} there{_instead(directory, name)}")


def _instead(directory: Path, name: str) -> str:
    near = sorted(_near(directory)) if name == DATABASE else []
    if len(near) == 1:
        return f"; the tables are in {near[0]}: give that"
    if near:
        return f", but in {len(near)} folders near it: give one of them, such as {near[0]}"
    return f"; fetch it with: edgebench data fetch ptbxl {directory}"


def content(directory: Path) -> tuple[bytes, bytes]:
    """Both tables, as they are on disk; raises DataError."""
    require_tables(directory)
    return _bytes(directory / DATABASE), _bytes(directory / STATEMENTS)


def fingerprint(tables: tuple[bytes, bytes]) -> str:
    """SHA-256 of both tables."""
    return hashlib.sha256(b"".join(hashlib.sha256(table).digest() for table in tables)).hexdigest()


def rows_of(path: Path, text: bytes) -> Table:
    """Read a table; raises DataError with the line for one that is no CSV in UTF-8."""
    lines = 0
    try:
        reader = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
        columns = tuple(name.strip() for name in next(reader, ()))
        rows = []
        for row in reader:
            lines = reader.line_num
            if len(row) > len(columns):
                raise DataError(f"{path}: line {lines} has {len(row)} values for {len(columns)} columns")
            if row:
                rows.append(row + [""] * (len(columns) - len(row)))
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable CSV file ({error}); fetch it again") from None
    if not rows:
        raise DataError(f"{path}: not a readable CSV file (it has no rows); fetch it again")
    return Table(path, columns, rows)


def _bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path}: not a file")
        with path.open("rb") as stream:
            found = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if len(found) > MOST_BYTES:
        raise DataError(f"{path}: more than {MOST_BYTES >> 20} MiB, which no table of PTB-XL has")
    return found


def _near(directory: Path) -> Iterator[Path]:
    """Folders a few levels below, or directly above, that have the table; links are not followed."""
    absolute = directory.absolute()
    yield from (parent for parent in list(absolute.parents)[:2] if (parent / DATABASE).is_file())
    level, seen = [directory], 0
    for _ in range(DEEPEST):
        below: list[Path] = []
        for folder in level:
            try:
                with os.scandir(folder) as entries:
                    below += [folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError:
                continue
            seen += 1
            if seen > MOST_FOLDERS:
                return
        yield from (folder for folder in below if (folder / DATABASE).is_file())
        level = below
