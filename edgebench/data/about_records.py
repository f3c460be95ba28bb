"""The description beside the arrays of records in a bundle. Standard library only, like the other records."""

from __future__ import annotations

from dataclasses import dataclass

from edgebench.core.contracts import InputContract, KnownReference


@dataclass(frozen=True)
class AboutRecords:
    """about.json."""

    dataset: str
    label: str
    split: str
    classes: tuple[str, ...]
    input: InputContract
    dropped: tuple[str, ...] = ()
    unlabelled: int = 0
    references: tuple[KnownReference, ...] = ()
    """Their `logits` are names of files in the same folder."""
