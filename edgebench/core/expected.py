"""What a network has to take and to answer for some records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgebench.core.datasets import RecordSet
from edgebench.core.inputs import InputSpec


@dataclass(frozen=True)
class Expected:
    """The input, the outputs and the task of some records."""

    input: InputSpec
    classes: tuple[str, ...] = ()
    """Name of each output; empty where only the network's card says them."""
    task: str = field(kw_only=True)
    """Empty where nothing says one, as of records without labels."""
    unit: str = ""
    """Unit of the targets of a regression."""
    further: Mapping[str, InputSpec] = field(default_factory=dict)
    """The inputs after the first, by name."""
    label: str = field(default="the dataset", compare=False)

    @classmethod
    def of(cls, records: RecordSet) -> Expected:
        """What these records need."""
        further = {one.name: one.spec for one in records.inputs[1:]}
        return cls(
            records.input.spec, records.classes, records.unit, further, records.label, task=records.task
        )  # fmt: skip
