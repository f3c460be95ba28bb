"""Download PTB-XL from PhysioNet: only the requested folds and rate, resumable, checked by SHA-256."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, DownloadError
from edgebench.core.files import write_bytes
from edgebench.core.problems import LONGEST
from edgebench.data.fetching.download import Downloader, Published
from edgebench.data.ptbxl import tables, wfdb_header
from edgebench.data.ptbxl.index import RATES, read_index
from edgebench.data.ptbxl.tables import DATABASE, STATEMENTS
from edgebench.data.ptbxl.view import SECONDS
from edgebench.data.ptbxl.wfdb_records import bytes_of

URL = "https://physionet.org/files/ptb-xl/1.0.3/"
FOLDS = (1, 9, 10)
"""The folds that a run needs: fold 10 to test, 9 to validate, 1 to calibrate int8."""
SUMS = "SHA256SUMS.txt"
MOST_SUMS = 32 * 2**20
"""PhysioNet's list has 9 MB."""


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

    Complete files are not downloaded again, and an incomplete one continues where it ended. `progress` is called with
    files. Raises DataError for a fold or rate that does not exist, DownloadError where a file cannot be fetched as
    published.
    """
    wanted = sorted(set(folds))
    if not wanted or wanted[0] < 1 or wanted[-1] > 10:
        raise DataError(f"folds {', '.join(map(str, wanted)) or '(none)'}: PTB-XL has folds 1 to 10")
    if rate_hz not in RATES:
        raise DataError(f"PTB-XL has no {rate_hz} Hz records; choose {' or '.join(map(str, RATES))}")
    with Downloader(url, directory) as downloader:
        sums = _sums(downloader, directory, url)

        def published(name: str, most: int) -> Published:
            if name not in sums:
                raise DownloadError(f"{url}: its {SUMS} does not list {name}")
            return Published(name, sums[name], most)

        both = [published(name, tables.MOST_BYTES) for name in (DATABASE, STATEMENTS)]
        changed = sum(downloader.get_all(both))
        index = read_index(directory)
        records = index.names(rate_hz, [row for row, fold in enumerate(index.folds) if fold in wanted])
        most = {".hea": wfdb_header.MOST_BYTES, ".dat": bytes_of(SECONDS * rate_hz)}
        files = [published(f"{record}{suffix}", most[suffix]) for record in records for suffix in most]
        for done, new in enumerate(downloader.get_all(files, workers), 1):
            changed += new
            if progress:
                progress(done, len(files))
    return Fetched(directory, len(records), changed)


def _sums(downloader: Downloader, directory: Path, url: str) -> dict[str, str]:
    """The published SHA-256 of each file, by its path."""
    content = downloader.content(SUMS, MOST_SUMS)
    found = {}
    for line in content.decode(errors="replace").splitlines():
        digest, _, name = line.strip().partition(" ")
        if len(digest) == 64 and name.strip():
            found[name.strip().removeprefix("*").removeprefix("./")] = digest.lower()
    if DATABASE not in found:
        raise DownloadError(f"{url}: its {SUMS} does not list {DATABASE}; is this PTB-XL's address?")
    write_bytes(directory / SUMS, content)
    return found


def folds_of(text: str) -> list[int]:
    """The folds of a text such as `9,10` or `1-8`; raises DataError."""
    found: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part, re.ASCII)
        if ends is None:
            raise DataError(f"--folds {part[:LONGEST]}: expected numbers such as 9,10 or 1-8")
        low, high = int(ends[1]), int(ends[2] or ends[1])
        if low > high:
            raise DataError(f"--folds {part.strip()}: runs backwards; write {high}-{low}")
        if low < 1 or high > 10:
            raise DataError(f"--folds {part.strip()}: PTB-XL has folds 1 to 10")
        found += range(low, high + 1)
    return found
