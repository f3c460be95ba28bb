"""Texts in CSV files, which no spreadsheet takes for a formula."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What starts a formula in some spreadsheet (OWASP, "CSV Injection"), after any number of marks."""


def cell(text: str) -> str:
    """The text for a cell of a CSV file: with a mark before it where a spreadsheet would compute it."""
    return f"'{text}" if _FORMULA.match(text) else text


def original(text: str) -> str:
    """The text of which `cell` made this one."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
