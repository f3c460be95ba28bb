"""The style of the page: `style.css`, and the colours of the charts, which all formats of a report share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.reports import palette
from edgebench.reports.html import embedding

if TYPE_CHECKING:
    from markupsafe import Markup

FILE = Path(__file__).parent / "style.css"


def sheet() -> Markup:
    """All rules of the page; `--c0` to `--c7` are the colours of names on light and on dark pages."""
    dark = _variables(palette.DARK)
    return embedding.safe(
        f"{FILE.read_text('utf-8')}"
        f":root {{ {_variables(palette.COLOURS)} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ {dark} }}\n',
        "style",
    )


def _variables(colours: Sequence[str]) -> str:
    return " ".join(f"--c{number}: {colour};" for number, colour in enumerate(colours))
