"""Parsed records on disk, memory-mapped: written once, opened in milliseconds.

An entry is a folder with `signals.npy` (int16 microvolts, shape (records, leads, samples)), `labels.npy`, `ids.npy` and
`meta.json`. It appears atomically: it is written beside its final path and renamed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.files import cache_dir, disk_full_at

FORMAT = 1
"""Raised when the layout of an entry changes, so that old entries are not read."""


@dataclass(frozen=True)
class Entry:
    """An opened entry; `signals` is the path of the memory-mapped file."""

    signals: Path
    labels: NDArray[np.uint8]
    ids: NDArray[np.int64]
    meta: dict[str, Any]


def open_or_make(key: str, make: Callable[[Path], None]) -> Entry:
    """Open the entry of that key; if there is none, `make` fills a fresh folder with its four files first.

    Raises DiskFull; an exception of `make` leaves no entry behind.
    """
    folder = cache_dir() / key
    if not (folder / "meta.json").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with disk_full_at(folder):
            work = Path(tempfile.mkdtemp(prefix=f".{key[:40]}.", dir=folder.parent))
            try:
                make(work)
                work.chmod(0o755)
                _publish(work, folder)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return Entry(
        folder / "signals.npy",
        np.load(folder / "labels.npy"),
        np.load(folder / "ids.npy"),
        json.loads((folder / "meta.json").read_text()),
    )


def save(folder: Path, labels: NDArray[np.uint8], ids: NDArray[np.int64], meta: dict[str, Any]) -> None:
    """Write all files of an entry except its signals."""
    np.save(folder / "labels.npy", labels)
    np.save(folder / "ids.npy", ids)
    (folder / "meta.json").write_text(json.dumps(meta))


def _publish(work: Path, folder: Path) -> None:
    try:
        work.rename(folder)
    except OSError:
        # Another process has made the same entry meanwhile; by its key it has the same content.
        if not (folder / "meta.json").exists():
            raise
