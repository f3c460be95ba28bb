"""Text on a terminal that is what it says: neither rich's markup nor signs that steer the terminal."""

from __future__ import annotations

from rich.text import Text

from edgebench.core.serialization import readable


def plain(text: str | Text, style: str = "") -> Text:
    """A text of one or more lines as rich shows it letter by letter: a `[b]` or `:bug:` in a name stays that.

    Rich's own Text has its styles already and is given back as it is.
    """
    if isinstance(text, Text):
        return text
    return Text("\n".join(map(readable, text.split("\n"))), style=style)
