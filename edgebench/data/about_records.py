"""The description beside the arrays of records in a bundle. Standard library only, like the other records."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgebench.core.cells import KnownReference
from edgebench.core.inputs import InputSpec, Storage
from edgebench.data.signals import MICROVOLTS


@dataclass(frozen=True)
class AboutFurther:
    """A further input."""

    name: str
    spec: InputSpec
    storage: Storage


@dataclass(frozen=True)
class AboutRecords:
    """about.json."""

    dataset: str
    label: str
    split: str
    classes: tuple[str, ...]
    input: InputSpec
    dropped: tuple[str, ...] = ()
    unlabelled: int = 0
    references: tuple[KnownReference, ...] = ()
    """Their `logits` are names of files in the same folder."""
    task: str = field(kw_only=True)
    unit: str = ""  # of the targets of a regression
    storage: Storage = MICROVOLTS  # of signals.npy
    input_name: str = "input"
    labelled: bool = True  # whether labels.npy is there
    further: tuple[AboutFurther, ...] = ()
    """The inputs after the first; the values of number N are in `further-N.npy`."""
