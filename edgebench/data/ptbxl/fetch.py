"""Download PTB-XL from PhysioNet: only the requested folds and rate, resumable, checked by SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError
from edgebench.data.ptbxl import tables, wfdb_header
from edgebench.data.ptbxl.download import Downloader
from edgebench.data.ptbxl.index import RATES, read_index
from edgebench.data.ptbxl.tables import DATABASE, STATEMENTS
from edgebench.data.ptbxl.threads import in_threads
from edgebench.data.ptbxl.wfdb_records import SECONDS, bytes_of

URL = "https://physionet.org/files/ptb-xl/1.0.3/"
FOLDS = (1, 9, 10)
"""The folds that a run needs: fold 10 to test, 9 to validate, 1 to calibrate int8."""


@dataclass(frozen=True)
class Fetched:
    """The result of a download."""

    directory: Path
    records: int
    downloaded: int
    """Files that were not there, or not whole."""


def fetch(
    directory: Path,
    folds: Iterable[int] = FOLDS,
    rate_hz: int = 100,
    url: str = URL,
    workers: int = 8,
    progress: Progress | None = None,
) -> Fetched:
    """Fill `directory` with the records of these folds (1 to 10) at one rate (100 or 500 Hz), and the two tables.

    Complete files are not downloaded again, and an incomplete one continues where it ended. Raises DataError
    for a fold or rate that does not exist, DownloadError where a file cannot be fetched as published.
    """
    wanted = sorted(set(folds))
    if not wanted or wanted[0] < 1 or wanted[-1] > 10:
        raise DataError(f"folds {', '.join(map(str, wanted)) or '(none)'}: PTB-XL has folds 1 to 10")
    if rate_hz not in RATES:
        raise DataError(f"PTB-XL has no {rate_hz} Hz records; choose {' or '.join(map(str, RATES))}")
    if directory.exists() and not directory.is_dir():
        raise DataError(f"{directory}: a file, not a folder; name the folder to fill")
    with Downloader(url, directory) as downloader:
        check = downloader.require_progress
        (sums,) = in_threads([partial(downloader.sums, DATABASE)], 1, check)
        of_tables = [partial(downloader.get, name, sums, tables.MOST_BYTES) for name in (DATABASE, STATEMENTS)]
        changed = sum(in_threads(of_tables, 1, check))
        index = read_index(directory)
        records = index.names(rate_hz, [row for row, fold in enumerate(index.folds) if fold in wanted])
        most = {".hea": wfdb_header.MOST_BYTES, ".dat": bytes_of(SECONDS * rate_hz)}
        calls: list[Callable[[], bool]] = [
            partial(downloader.get, f"{record}{suffix}", sums, most[suffix]) for record in records for suffix in most
        ]
        for done, new in enumerate(in_threads(calls, workers, check), 1):
            changed += new
            if progress:
                progress(done, len(calls))
    return Fetched(directory, len(records), changed)
