"""Records of any dataset in the cache: made once, then opened memory-mapped.

An entry has one .npy file an input, `targets.npy`, `ids.npy` and `about.json`. `cache` syncs and publishes it, and
makes it again where it is damaged.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.arrays import mapped
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import DataError
from edgebench.core.files import cache_dir, safe_name
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.core.serialization import to_json
from edgebench.core.validation import validated
from edgebench.data import cache
from edgebench.data.file_stamps import stamp

FORMAT = 1
"""Raised when the layout of an entry changes, so that old entries are not read."""
ABOUT = "about.json"


@dataclass(frozen=True)
class AboutInput:
    """One input of an entry."""

    name: str
    spec: InputSpec
    storage: Storage
    file: str


@dataclass(frozen=True)
class About:
    """about.json."""

    dataset: str
    label: str
    split: str
    inputs: tuple[AboutInput, ...]
    targets: bool
    classes: tuple[str, ...]
    task: str
    unit: str
    dropped: tuple[str, ...]
    unlabelled: int


def key(dataset: str, split: str, *parts: object) -> str:
    """Name of an entry, from everything that decides its content."""
    digest = hashlib.sha256(repr((FORMAT, dataset, split, *parts)).encode(errors="surrogateescape")).hexdigest()
    return f"{safe_name(dataset)[:60]}-{split}-{digest[:32]}"


def open_or_make(key_now: Callable[[], str], make: Callable[[Path], RecordSet]) -> RecordSet:
    """The records of the entry whose name `key_now` gives; where there is none, `make` fills a folder first.

    `make` writes a .npy file for each input into the folder and returns records whose inputs are these files. Raises
    DataError where the files changed meanwhile, so that the name is another one; DiskFull; an exception of `make`
    leaves no entry behind.
    """
    name = key_now()

    def fill(folder: Path) -> None:
        _write(folder, make(folder))
        if key_now() != name:
            raise DataError("the data changed while they were read: start again")

    return _opened(cache.folder_of(name, fill))


def load(
    request: DataRequest, dataset: str, parts: tuple[object, ...], folder: Path, names: Sequence[str],
    make: Callable[[Path], RecordSet],
) -> RecordSet:  # fmt: skip
    """The records of a request, which are made of files in a folder; `parts` are what else decides their content."""

    def key_now() -> str:
        asked = (request.limit, request.skip_bad_records)
        return key(dataset, request.split, stamp(folder, names), *asked, *parts)

    return open_or_make(key_now, make)


def _write(folder: Path, records: RecordSet) -> None:
    """Write all files of an entry except its inputs."""
    np.save(folder / "ids.npy", records.ids, allow_pickle=False)
    if records.targets is not None:
        np.save(folder / "targets.npy", records.targets, allow_pickle=False)
    about = About(
        records.dataset, records.label, records.split,
        tuple(AboutInput(one.name, one.spec, one.storage, one.path.name) for one in records.inputs),
        records.targets is not None, records.classes, records.task, records.unit, records.dropped, records.unlabelled,
    )  # fmt: skip
    (folder / ABOUT).write_text(to_json(about), encoding="utf-8", errors="surrogateescape")


def _opened(folder: Path) -> RecordSet:
    """The records of a whole entry; raises DataError for one that an own program has changed."""
    path = folder / ABOUT
    try:
        data = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        ids = np.load(folder / "ids.npy", allow_pickle=False)
        targets = np.load(folder / "targets.npy", allow_pickle=False) if (folder / "targets.npy").is_file() else None
    except Exception:  # NumPy parses a literal of Python here, which fails in many ways
        raise DataError(f"{folder}: not an entry of the cache; delete it") from None
    about = validated(About, data, str(path), DataError)
    if about.targets != (targets is not None) or (targets is not None and len(targets) != len(ids)):
        raise DataError(f"{folder}: its targets are not those of its {len(ids)} records; delete it")
    inputs = tuple(_input(folder, one, len(ids)) for one in about.inputs)
    return RecordSet(
        about.dataset, about.label, about.split, inputs, targets, ids, about.classes, about.task, about.unit,
        about.dropped, about.unlabelled,
    )  # fmt: skip


def _input(folder: Path, one: AboutInput, count: int) -> StoredInput:
    path = folder / safe_name(one.file)
    if count:
        mapped(path, one.storage.dtype, count, *one.spec.shape)
    return StoredInput(one.name, one.spec, one.storage, path)


def new_file(path: Path, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """A new .npy file to fill, memory-mapped; its space is taken at once.

    Raises OSError on a full disk: writing into a sparse file would end the process by SIGBUS instead.
    """
    if not all(shape):
        np.save(path, empty := np.empty(shape, dtype))
        return empty
    mapped = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
    return mapped


def scratch_home() -> Path:
    """The cache's folder, for temporary files as large as the data."""
    home = cache_dir()
    home.mkdir(parents=True, exist_ok=True)
    return home
