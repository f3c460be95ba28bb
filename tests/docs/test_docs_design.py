"""The way of a cell in docs/design.md: each station exists, and its caller names it."""

from __future__ import annotations

import re
from pathlib import Path

from doc_blocks import ROOT

ROW = re.compile(r"^(\d+) \|`(\S+)`\|(.*)\|(.*)$", re.M)
PLUGINS = {"exporters": "registry.exporter(", "runtimes": "registry.runtime(", "reports": "registry.renderer("}
"""Packages of plug-ins, and how their caller names them."""


def names(caller: str, place: str) -> bool:
    """Whether one file of the table names another."""
    text = (ROOT / "edgebench" / caller).read_text()
    plugin = PLUGINS.get(place.partition("/")[0])
    return plugin in text if plugin else re.search(rf"\b{Path(place).stem}\b", text) is not None


def test_each_station_of_a_cell_is_named_by_its_callers() -> None:
    table = ROW.findall((ROOT / "docs/design.md").read_text())
    stations = {int(number): place for number, place, _, _ in table}
    assert list(stations) == list(range(1, len(stations) + 1)) and 10 < len(stations) <= 16
    for number, place, does, callers in table:
        assert (ROOT / ("" if place.startswith("exporters/") else "edgebench") / place).is_file(), place
        for helper in re.findall(r"`(\w+/\w+\.py)`", does):
            assert names(place, helper) or names("pipeline/stages.py", helper), f"{place} uses {helper}"
        if int(number) == 1:
            assert callers == "the user"
            continue
        direct, _, through = callers.partition(", through ")
        for caller in map(int, re.findall(r"\d+", direct)):
            assert names(stations[caller], place), f"{stations[caller]} names {place}"
            assert not through or names(stations[caller], stations[int(through)])
