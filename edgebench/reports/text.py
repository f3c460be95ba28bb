"""Text from names and manifests, made safe to stand in a report."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Text that Markdown and HTML show as it is, and that stays in its table cell."""
    for plain, escape in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(plain, escape)
    return text
