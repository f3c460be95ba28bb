"""The published search for what must stay in float: it wins back at least half, and the page has its figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOME = ROOT / "results" / "reference" / "search-deit-tiny"
FOUND: dict[str, Any] = json.loads((HOME / "search.json").read_text())
INT8, LEFT = (-FOUND["test"][name]["delta_macro_f1"] for name in ("int8", "found"))


def test_at_least_half_of_the_loss_is_won_back() -> None:
    assert FOUND["within"]
    assert FOUND["request"]["max_drop"] == 0.005
    assert INT8 > 0.01, "there was something to win back"
    assert LEFT <= INT8 / 2


def test_the_page_has_its_figures() -> None:
    with (HOME / "sensitivity.csv").open() as file:
        modules = list(csv.DictReader(file))
    sizes = {t["in_float"]: t["file_size_bytes"] for t in FOUND["trials"]}
    text = " ".join((ROOT / "results" / "README.md").read_text().split())
    assert FOUND["modules"] == [modules[0]["module"]] == ["operators between products"]
    assert f"measured {len(modules)} modules. With only `{modules[0]['module']}` in float the loss" in text
    assert f"is {LEFT:.3f} instead of {INT8:.3f}, and the file {100 * (sizes[1] / sizes[0] - 1):.0f} % larger" in text
