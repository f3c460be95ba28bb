"""Text from names and manifests, made safe for a report."""

from __future__ import annotations

import re

from edgebench.core.serialization import readable

SIGNS = (
    (re.compile(r"\\"), r"\\\\"), (re.compile("&"), "&amp;"), (re.compile("<"), "&lt;"),
    (re.compile(r"[|*`~$]"), r"\\\g<0>"),  # GitHub strikes through by one ~, too, and has mathematics between two $
    (re.compile(r"\]\("), r"]\("),
    (re.compile("(?<![^ ])#"), r"\#"),  # of a heading, at its beginning or its end
    (re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"), r"\_"),
)  # fmt: skip
"""What Markdown or HTML would not read as text, and its escape; `a_b` stays as it is."""


def escaped(text: str, also: str = "") -> str:
    """Text that Markdown and HTML show literally, on one line, so that it fits a table cell.

    `also` is escaped by a backslash. The text must not begin a line, where it could start a list or a quotation.
    """
    text = " ".join(readable(text).split())
    for sign, written in SIGNS:
        text = sign.sub(written, text)
    for character in also:
        text = text.replace(character, f"\\{character}")
    return text
