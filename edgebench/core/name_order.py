"""The order of names (of classes, of channels) that two sides spell and sort each in its own way."""

from __future__ import annotations

from collections.abc import Sequence


def order(there: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...] | None:
    """The position in `there` of each wanted name; None where one is not there, or could be several.

    A name that is not there is found by its letters in any case (`aVR` is AVR), unless two names there, or two wanted
    ones, differ in nothing else.
    """
    exact = {name: place for place, name in enumerate(there)}
    folded: dict[str, list[int]] = {}
    for place, name in enumerate(there):
        folded.setdefault(name.casefold(), []).append(place)
    asked = [name.casefold() for name in wanted]
    found: list[int] = []
    for name in wanted:
        near = folded.get(name.casefold(), [])
        unambiguous = len(near) == 1 and asked.count(name.casefold()) == 1
        if name not in exact and not unambiguous:
            return None
        found.append(exact[name] if name in exact else near[0])
    return tuple(found)


def permutation(there: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...] | None:
    """The position in `there` of each wanted name, where both have the same names, each once; otherwise None."""
    found = order(there, wanted) if len(there) == len(wanted) else None
    return found if found is not None and len(set(found)) == len(found) else None
