"""The same classes in another order: labels, answers and thresholds are sorted, so that each meets its own class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edgebench.core.contracts import Artifact
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.name_order import permutation

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mismatch(classes: Sequence[str], records: Sequence[str], label: str) -> str:
    """Why answers in these classes cannot be scored with the labels of some records; empty where they can."""
    if permutation(classes, records) is not None:
        return ""
    return f"decides {', '.join(classes)}; {label} has {', '.join(records)}"


def labelled_for(records: RecordSet, classes: Sequence[str]) -> RecordSet:
    """The records with their labels in the order of a network's classes; raises ModelError where it has others."""
    if tuple(classes) == records.classes:
        return records
    if records.targets is None and not records.classes:  # without labels nothing says what the outputs are
        return replace(records, classes=tuple(classes))
    order = permutation(records.classes, classes)
    if order is None:
        raise ModelError(f"the network {mismatch(classes, records.classes, records.label)}")
    if records.targets is None:
        return replace(records, classes=tuple(classes))
    if records.targets.ndim == 1:  # numbers of classes, each of which has another place
        places = [order.index(number) for number in range(len(order))]
        numbers = records.targets.dtype.type(places)[records.targets]
        return replace(records, targets=numbers, classes=tuple(classes))
    return replace(records, targets=records.targets[:, list(order)], classes=tuple(classes))


def answers_for(logits: NDArray[Any], classes: Sequence[str], records: Sequence[str]) -> NDArray[Any]:
    """Answers (records, classes) in the order of the records' classes; unchanged where these are others."""
    order = permutation(classes, records)
    return logits if order is None or order == tuple(range(len(order))) else logits[:, list(order)]


def scored_as(artifact: Artifact, records: Sequence[str]) -> Artifact:
    """The artifact with its classes and thresholds as its sorted answers need them."""
    order = permutation(artifact.classes, records)
    if order is None or artifact.classes == tuple(records):
        return artifact
    thresholds = tuple(artifact.thresholds[place] for place in order) if artifact.thresholds else ()
    return replace(artifact, classes=tuple(records), thresholds=thresholds)
