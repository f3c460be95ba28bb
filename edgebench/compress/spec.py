"""The spec of a variant: `l1-0.4-linear-global` is the compression `l1`, its amount, and its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgebench.core import options
from edgebench.core.errors import PlanError


@dataclass(frozen=True)
class Spec:
    """The parts of a variant's spec after its name."""

    amount: float
    options: Mapping[str, str]
    """The chosen word of each option."""


def parse(spec: str, name: str, choices: options.Choices) -> Spec:
    """Parse `NAME-AMOUNT-word-word`; the first word of each choice is the default. Raises PlanError."""
    first, *words = spec.removeprefix(name).removeprefix("-").split("-")
    try:
        amount = float(first)
    except ValueError:
        known = ", ".join(word for several in choices.values() for word in several)
        how = f"write {name}-AMOUNT, such as {name}-0.4, and after it any of {known}"
        raise PlanError(f"variant '{spec}': '{first}' is not an amount; {how}") from None
    if not 0 < amount < 1:
        raise PlanError(f"variant '{spec}': the amount is {first}; it must be between 0 and 1")
    chosen = options.chosen(f"variant '{spec}'", words, choices)
    return Spec(amount, {option: chosen.get(option, words[0]) for option, words in choices.items()})
