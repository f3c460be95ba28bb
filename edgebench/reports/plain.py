"""Literal text on a terminal, without rich's markup and without characters that control the terminal."""

from __future__ import annotations

from rich.text import Text

from edgebench.core.serialization import readable


def plain(text: str | Text, style: str = "") -> Text:
    """A text of one or more lines that rich shows literally: `[b]` or `:bug:` in a name stays as it is.

    Rich's own Text is returned unchanged, with its styles.
    """
    if isinstance(text, Text):
        return text
    return Text("\n".join(map(readable, text.split("\n"))), style=style)
