"""Text from names and manifests, made safe to stand in a report."""

from __future__ import annotations


def escaped(text: str, also: str = "") -> str:
    """Text that Markdown and HTML show as it is, and that stays in its table cell; `also` is escaped by a backslash."""
    for plain, escape in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(plain, escape)
    for sign in also:
        text = text.replace(sign, f"\\{sign}")
    return text
