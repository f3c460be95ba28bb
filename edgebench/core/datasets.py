"""Records of a dataset with their targets, as every task sees them; the request for them; the dataset's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edgebench.core.contracts import Progress, Split
from edgebench.core.inputs import StoredInput

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Records:
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

    def __len__(self) -> int:
        return len(self.ids)


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
class Request:
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
    """What a folder has of one split: a row of the table of `info`."""

    split: str
    records: int
    """Records that the table, the files' headers or the folders name."""
    missing: int
    """Records whose file is not there."""
    broken: int
    """Records whose file is there, but is empty or of another kind. Only loading decodes every record."""
    unlabelled: int
    note: str = ""


class Dataset(Protocol):
    """A source of records."""

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

    def load(self, request: Request, progress: Progress | None = None) -> Records:
        """Return the records of one split; raises DataError."""

    def info(self, directory: Path) -> list[SplitInfo]:
        """Count what a folder has of each split; raises DataError."""


class Published(Dataset, Protocol):
    """A dataset that EdgeBench can fetch, or whose publisher's way it can name."""

    def fetch(self, directory: Path, progress: Progress | None = None) -> int:
        """Fill the folder; returns how many files were downloaded. Raises DataError, DownloadError, DiskFull.

        `progress` is called with bytes.
        """
