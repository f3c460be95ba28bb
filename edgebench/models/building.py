"""Build an architecture's network for the input of some records."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.expected import Expected
    from edgebench.core.protocols import Architecture


def build(
    architecture: Architecture, outputs: int, spec: InputSpec, task: str = "",
    further: Mapping[str, InputSpec] | None = None,
) -> nn.Module:  # fmt: skip
    """The untrained network for this input; raises ModelError where the architecture does not take it.

    A network of the user's converts its answers to those of the task, and may take `further` inputs.
    """
    if "task" in inspect.signature(architecture.build).parameters:
        return architecture.build(outputs, spec, task, further)  # type: ignore[call-arg]
    if further:
        raise ModelError(f"the network '{architecture.name}' takes one input, not {', '.join(further)}, too")
    if _takes_any(architecture):
        return architecture.build(outputs, spec)
    if reason := architecture.input.mismatch(spec, "the input"):
        raise ModelError(f"the network '{architecture.name}' {reason}")
    return architecture.build(outputs)


def input_for(architecture: Architecture, spec: InputSpec, label: str) -> InputSpec:
    """The input that a network for these records has; raises ModelError where the architecture does not take them."""
    if _takes_any(architecture):
        return spec
    if reason := architecture.input.mismatch(spec, label):
        raise ModelError(f"the network '{architecture.name}' {reason}")
    return architecture.input


def further_for(architecture: Architecture, wanted: Expected) -> dict[str, InputSpec]:
    """The further inputs of such records that the network takes, as one of the user's may; raises ModelError."""
    taken = getattr(architecture, "further", None)
    return taken(len(wanted.classes), wanted) if taken else {}


def _takes_any(architecture: Architecture) -> bool:
    """Whether `build` is given the input; one that is not builds for its own `input`."""
    return len(inspect.signature(architecture.build).parameters) > 1
