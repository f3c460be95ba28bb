"""Records of a dataset with their targets, as every task sees them; the request for them; the dataset's protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from edgebench.core.cells import KnownReference
from edgebench.core.contracts import Progress, Split
from edgebench.core.errors import DataError
from edgebench.core.files import sha256
from edgebench.core.inputs import StoredInput

if TYPE_CHECKING:
    from numpy.typing import NDArray


NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class RecordSet:
    """Records on disk with their targets."""

    dataset: str
    label: str
    """Name in tables; says so where the data are synthetic."""
    split: str
    inputs: tuple[StoredInput, ...]
    """The inputs of a record; a network takes the first, or those that it names."""
    targets: NDArray[Any] | None
    """Multi-label: uint8 (records, classes). Classification: int64 class numbers (records,). Regression: float64
    (records, outputs). None where the records have no labels."""
    ids: NDArray[Any]
    """int64 or text, shape (records,)."""
    classes: tuple[str, ...]
    """Name of each output of a network: the classes, or the quantities of a regression."""
    task: str
    """Name of the task that the targets are for."""
    unit: str = ""
    """Unit of the targets of a regression."""
    dropped: tuple[str, ...] = ()
    """Bad records that were left out, each with its reason."""
    unlabelled: int = 0
    """Records without a target that were left out."""
    references: tuple[KnownReference, ...] = ()
    """Only of records that came in a bundle."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def input(self) -> StoredInput:
        """The first input, which a network takes that has one."""
        return self.inputs[0]

    def further(self, names: Iterable[str]) -> tuple[StoredInput, ...]:
        """The further inputs of these names; raises DataError where the records lack one."""
        there = {one.name: one for one in self.inputs[1:]}
        if missing := [name for name in names if name not in there]:
            raise DataError(f"{self.label}: has no input '{missing[0]}'; further ones: {', '.join(there) or 'none'}")
        return tuple(there[name] for name in names)

    def taking(self, names: Iterable[str]) -> RecordSet:
        """The records with what a network takes: the first input, and the further ones of these names."""
        return replace(self, inputs=(self.input, *self.further(names)))

    @property
    def labels(self) -> NDArray[Any]:
        """The targets; raises DataError where the records have none."""
        if self.targets is None:
            raise DataError(f"{self.label}: its {self.split} records have no labels")
        return self.targets

    @property
    def content(self) -> tuple[str, ...]:
        """SHA-256 of each input's file, and the targets and the ids as hexadecimal digits."""
        targets = b"" if self.targets is None else self.targets.tobytes()
        ids = self.ids.astype("<i8") if self.ids.dtype.kind in "iu" else self.ids
        return (*(sha256(one.path) for one in self.inputs), targets.hex(), ids.tobytes().hex())


@dataclass(frozen=True)
class Option:
    """A choice that a dataset offers: `NAME=VALUE`."""

    default: str
    """Empty where the dataset decides by itself."""
    meaning: str
    words: tuple[str, ...] = ()
    """The values that it takes; empty for a number or free text."""
    low: int | None = None
    """The smallest whole number; None where the value is no number."""
    high: int | None = None


@dataclass(frozen=True)
class DataRequest:
    """The records to load from a dataset."""

    split: Split
    directory: Path | None = None
    """The folder of the data, or the file for a dataset that is one file."""
    limit: int | None = None
    """At most this many records, chosen the same way each time; None for all."""
    keep_unlabelled: bool = False
    skip_bad_records: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    """Values of the dataset's own options, by name."""


@dataclass(frozen=True)
class SplitInfo:
    """What a folder has of one split, or of a part of it: a row of the table of `edgebench data info`."""

    split: str
    records: int
    """Records that the table, the files' headers or the folders name."""
    missing: int
    """Records whose file is not there."""
    broken: int
    """Records whose file is there, but is empty or of another kind. Only loading decodes every record."""
    unlabelled: int
    note: str = ""
    """What is wrong, or how to get what is missing."""


class Dataset(Protocol):
    """A source of records.

    It may also have `check(request)`, which raises DataError at once where the records cannot be there.
    """

    name: str
    label: str
    """Name in tables."""
    summary: str
    license: str
    """SPDX identifier of the data's licence, or a few words where it has none."""
    splits: Mapping[Split, str]
    """What each of `train`, `validation` and `test` is, as a model's manifest names it."""
    task: str
    """Name of the task; empty where the data decide."""
    classes: tuple[str, ...]
    """The classes, or the quantities of a regression; empty where the data decide."""
    unit: str
    """Unit of the targets of a regression."""
    options: Mapping[str, Option]

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the records of one split; raises DataError."""


class Counted(Dataset, Protocol):
    """A dataset that says what a folder has without reading all of it."""

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count what a folder has of each split; raises DataError."""


class Published(Dataset, Protocol):
    """A dataset that `edgebench data fetch` gets, or whose publisher's way it names."""

    fetch_options: Mapping[str, Option]
    """The choices of a download: `--NAME VALUE`."""

    def fetch(
        self, directory: Path, options: Mapping[str, str] = NO_OPTIONS, url: str = "", progress: Progress | None = None
    ) -> str:
        """Fill the folder, from another address than the publisher's if `url` names one; returns what it has now.

        `progress` is called with bytes or files. Raises DataError, DownloadError, DiskFull.
        """
