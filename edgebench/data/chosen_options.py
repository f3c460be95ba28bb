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
        if problem := unknown(name, options):
            raise DataError(f"{dataset}: unknown option {shown(name)}; {problem}")
    found = {name: str(given.get(name, option.default)).strip() for name, option in options.items()}
    for name, value in found.items():
        if problem := unfit(value, options[name]):
            raise DataError(f"{dataset}: {name}={value[:40]}: {problem}")
    return found


def unknown(name: str, options: Mapping[str, Option]) -> str:
    """What there is instead of an option that is not there; empty where it is."""
    if name in options:
        return ""
    near = meant(name, list(options))
    return near or (f"there is {', '.join(options)}" if options else "it has no options")


def unfit(value: str, option: Option) -> str:
    """Why an option does not take a value; empty where it does."""
    if value == option.default:
        return ""
    if option.words and value not in option.words:
        return f"choose {', '.join(option.words)} ({option.meaning})"
    if option.low is None:
        return ""
    limits = f"from {option.low}" + (f" to {option.high}" if option.high is not None else "")
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS):
        return f"must be a whole number {limits} ({option.meaning})"
    if int(value) < option.low or (option.high is not None and int(value) > option.high):
        return f"must be {limits} ({option.meaning})"
    return ""


def listed(value: str) -> tuple[str, ...]:
    """The parts of a value such as `cat,dog`; empty for an empty one."""
    return tuple(part.strip() for part in value.split(",")) if value else ()
