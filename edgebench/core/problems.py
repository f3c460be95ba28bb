"""A wrong field as one line of text, the same for a record's schema, a record's own check and a flag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text", "Path": "a path"}
"""Types of fields in plain words."""
TABLE, LIST = "a table", "a list"
LONGEST = 40
"""Characters of a value that a line shows."""


class _Absent:
    """Stands for a value that the line does not show."""


ABSENT = _Absent()


@dataclass(frozen=True)
class Problem:
    """A field, and its problem in plain words."""

    place: str
    """The field's name; dots separate nested tables. Empty for the whole record."""
    words: str
    """Such as `must be at least 1`."""
    value: Any = ABSENT
    """The value that is wrong."""
    hint: str = ""
    """The way to correct it."""

    def __str__(self) -> str:
        shown_value = "" if self.value is ABSENT else shown(self.value)
        must = self.words.startswith("must ")
        place = f"{self.place} {shown_value}" if self.place and shown_value and not must else self.place
        text = f"{self.words}, not {shown_value}" if shown_value and must else self.words
        return _visible((f"{place}: " if place else "") + self._hinted(text))

    def of(self, flag: str) -> str:
        """The same line for a value that a flag set, as the user typed it."""
        typed = "" if self.value is ABSENT else f" {self.value}"
        return _visible(f"{flag}{typed}: {self._hinted(self.words)}")

    def _hinted(self, text: str) -> str:
        return f"{text}; {self.hint}" if self.hint else text


class InvalidValue(ValueError):  # noqa: N818 - the name says what happened
    """A value that cannot be used; its text is the problem's line."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _visible(text: str) -> str:
    """A line with control and invisible characters escaped as in Python."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def unknown(place: str, name: str, known: Iterable[str]) -> Problem:
    """A key that a table cannot have."""
    there = list(known)
    listed = f"; known are {', '.join(there)}" if there else ""
    return Problem(inside(place, name), f"unknown key{listed}", hint=meant(name, there))


def missing(place: str) -> Problem:
    """A key that a table must have."""
    return Problem(place, "is missing")


def expected(place: str, what: str, value: Any) -> Problem:
    """A value of another kind than `what`, such as `a whole number`."""
    # The hint repeats only a short text that needs no escapes in TOML, so that it is correct when copied.
    plain = isinstance(value, str) and value.isprintable() and not set('"\\') & set(value) and len(value) <= LONGEST
    hint = f'write ["{value}"]' if plain else "write it in brackets"
    return Problem(place, f"must be {what}", value, hint if what == LIST and isinstance(value, str) else "")


def not_among(place: str, choices: Sequence[Any], value: Any) -> Problem:
    """A value that is not one of the choices."""
    *first, last = [shown(choice) for choice in choices]
    listed = f"{', '.join(first)} or {last}" if first else last
    return Problem(place, f"must be {listed}", value, meant(value, [c for c in choices if isinstance(c, str)]))


def not_a_name(place: str, value: Any) -> Problem:
    """A name that cannot be the name of a file."""
    return Problem(place, "must be a name of letters, digits, '_', '.' and '-'", value)


def require_range(place: str, value: float | None, least: float, most: float | None = None) -> None:
    """Raise InvalidValue where a number is outside of its bounds, or not a number; None is allowed."""
    if value is not None and not value >= least:  # nor is not-a-number
        raise InvalidValue(Problem(place, f"must be at least {least:g}", value))
    if value is not None and most is not None and value > most:
        raise InvalidValue(Problem(place, f"must be at most {most:g}", value))


def inside(place: str, name: str) -> str:
    """The place of a key in a table."""
    return f"{place}.{name}" if place else name


def meant(name: Any, known: Sequence[str]) -> str:
    """`did you mean 'processes'?` where a known name is near; empty where none is."""
    from difflib import get_close_matches  # a worker never needs it

    near = get_close_matches(name, known, 1, 0.7) if isinstance(name, str) else []
    return f"did you mean '{near[0]}'?" if near else ""


def shown(value: Any) -> str:
    """A value as the line shows it: short, and as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST else value[:LONGEST] + "…")
    if isinstance(value, Mapping):
        return TABLE
    if isinstance(value, list | tuple | set | frozenset):
        return LIST if value else "an empty list"
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
