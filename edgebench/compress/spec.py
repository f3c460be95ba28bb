"""The words of a variant: `l1-0.4-linear-global` is the compression `l1`, its amount and what the words choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgebench.core import options
from edgebench.core.errors import PlanError


@dataclass(frozen=True)
class Spec:
    """A variant's name taken apart."""

    amount: float
    options: Mapping[str, str]
    """The word for everything that there is to choose."""


def parse(spec: str, name: str, choices: options.Choices) -> Spec:
    """Take `NAME-AMOUNT-word-word` apart; of each choice the first word is the default.

    Raises PlanError with one line.
    """
    first, *words = spec.removeprefix(name).removeprefix("-").split("-")
    try:
        amount = float(first)
    except ValueError:
        known = ", ".join(word for several in choices.values() for word in several)
        how = f"write {name}-AMOUNT, such as {name}-0.4, and after it any of {known}"
        raise PlanError(f"variant '{spec}': '{first}' is not an amount; {how}") from None
    if not 0 < amount < 1:
        raise PlanError(f"variant '{spec}': the amount is {first}; it is between 0 and 1")
    given = options.chosen(f"variant '{spec}'", words, choices)
    return Spec(amount, {what: given.get(what, several[0]) for what, several in choices.items()})
