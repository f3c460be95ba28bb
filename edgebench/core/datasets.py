"""Records of a dataset with their targets, as every task sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
