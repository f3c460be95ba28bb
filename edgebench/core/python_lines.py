"""Lines of Python with values of any length, as PEP 8 has them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

WIDTH = 79
"""Characters of a line by PEP 8."""


def within(start: str, items: Iterable[str], end: str) -> list[str]:
    """Items in brackets, on one line if they fit, otherwise on as few more lines as possible."""
    items = list(items)
    line = start + ", ".join(items) + end
    if len(line) <= WIDTH:
        return [line]
    # Do not fold at a space inside an item: a character that no source text has takes its place.
    joined = ", ".join(item.replace(" ", "\0") for item in items)
    folded = textwrap.wrap(joined, WIDTH - 5, break_long_words=False, break_on_hyphens=False)
    if len(folded) > 1:
        folded[-1] += ","
    return [start, *(f"    {part}".replace("\0", " ") for part in folded), end]


def text(text: str) -> str:
    """Text from a manifest, safe inside a string literal or a comment."""
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
