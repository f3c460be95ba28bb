"""The options of a request, checked against the table of its dataset."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.datasets import Option
from edgebench.core.errors import DataError
from edgebench.core.problems import meant, shown

DIGITS = 9
"""No whole number of an option has more."""


def chosen(dataset: str, options: Mapping[str, Option], given: Mapping[str, str]) -> dict[str, str]:
    """Every option's value, the defaults where none is given. Raises DataError with one line for a wrong one."""
    for name in given:
        if name not in options:
            near = meant(name, list(options))
            known = f"there is {', '.join(options)}" if options else "it has no options"
            raise DataError(f"{dataset}: unknown option {shown(name)}; {near or known}")
    found = {}
    for name, option in options.items():
        value = str(given.get(name, option.default)).strip()
        if value != option.default:
            _check(f"{dataset}: {name}={value[:40]}", option, value)
        found[name] = value
    return found


def _check(label: str, option: Option, value: str) -> None:
    if option.words and value not in option.words:
        raise DataError(f"{label}: choose {', '.join(option.words)} ({option.meaning})")
    if option.low is None:
        return
    limits = f"from {option.low}" + (f" to {option.high}" if option.high is not None else "")
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS):
        raise DataError(f"{label}: must be a whole number {limits} ({option.meaning})")
    if int(value) < option.low or (option.high is not None and int(value) > option.high):
        raise DataError(f"{label}: must be {limits} ({option.meaning})")


def listed(value: str) -> tuple[str, ...]:
    """The parts of a value such as `cat,dog`; empty for an empty one."""
    return tuple(part.strip() for part in value.split(",")) if value else ()
