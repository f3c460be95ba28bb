"""The style of report.html: what is read stands out by day and by night, and charts have the palette's colours."""

from __future__ import annotations

import re

import pytest
from colours import contrast

from edgebench.reports import palette
from edgebench.reports.html import style

READ = ("text", "soft", "accent", "warn")
"""Colours of texts; Web Content Accessibility Guidelines 2.2, 1.4.3, ask 4.5."""
SEEN = ("edge", "quiet", "better", "accent")
NAMES = tuple(f"c{i}" for i in range(8))
"""Of borders, signs and marks; 1.4.11 asks 3. Those of names stand on cards only."""


def variables(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#\w{6});", block))


def themes() -> dict[str, list[dict[str, str]]]:
    """The colours of each theme, from each rule that sets them: what the system asks, and what the button does."""
    sheet = str(style.sheet())
    day = variables("".join(re.findall(r"^:root \{(.*?)\}", sheet, re.DOTALL | re.MULTILINE)))
    by_system = "".join(re.findall(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', sheet, re.DOTALL))
    by_button = "".join(re.findall(r':root\[data-theme="dark"\] \{(.*?)\}', sheet, re.DOTALL))
    return {"light": [day], "dark": [day | variables(by_system), day | variables(by_button)]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_read_stands_out(theme: str) -> None:
    for colours in themes()[theme]:
        for ground in ("page", "card", "mark"):
            low = {name: contrast(colours[name], colours[ground]) for name in READ}
            assert min(low.values()) >= 4.5, (ground, low)
        for ground in ("page", "card"):
            shown = SEEN + (NAMES if ground == "card" else ())
            low = {name: contrast(colours[name], colours[ground]) for name in shown}
            assert min(low.values()) >= 3, (ground, low)


def test_the_charts_have_the_palettes_colours() -> None:
    for theme, expected in (("light", palette.COLOURS), ("dark", palette.DARK)):
        for colours in themes()[theme]:
            assert tuple(colours[f"c{i}"] for i in range(8)) == expected
    dark = themes()["dark"]
    assert dark[0] == dark[1], "the button makes the page as dark as the system does"
