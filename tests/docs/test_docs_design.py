"""The way of a cell in docs/design.md: each station exists, and its caller names it."""

from __future__ import annotations

import re

from doc_blocks import ROOT

ROW = re.compile(r"^\| (\d+) \| `(\S+)` \| (.*) \| (.*) \|$", re.M)
PLUGINS = {"exporters": "registry.exporter(", "runtimes": "registry.runtime(", "reports": "registry.renderer("}
"""Packages of plug-ins, and how their caller names them."""


def test_each_station_of_a_cell_is_named_by_its_caller() -> None:
    stations = {int(n): (place, caller) for n, place, _, caller in ROW.findall((ROOT / "docs/design.md").read_text())}
    assert list(stations) == list(range(1, len(stations) + 1)) and 10 < len(stations) <= 16
    for number, (place, caller) in stations.items():
        file = ROOT / ("" if place.startswith("exporters/") else "edgebench") / place
        assert file.is_file(), place
        if caller == "the user":
            assert number == 1
            continue
        assert int(caller) < number
        text = (ROOT / "edgebench" / stations[int(caller)][0]).read_text()
        name = PLUGINS.get(place.partition("/")[0], rf"\b{file.stem}\b")
        assert name in text or re.search(name.replace("(", r"\("), text), f"{stations[int(caller)][0]} names {place}"
