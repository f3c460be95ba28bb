"""report.md of an accuracy-aware search, from a result by hand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edgebench.reports import search
from edgebench.tasks.multilabel import METRICS

RANKED = [
    {"module": "blocks.0", "agreement": 0.91, "error": 0.1234, "parameters": 12_345},
    {"module": "stem", "agreement": 0.999, "error": 0.01, "parameters": 60},
]


METRIC = asdict(METRICS[0])


def score(f1: float, delta: float) -> dict[str, Any]:
    return {"metrics": [{
        "metric": METRIC, "value": f1, "low": f1 - 0.02, "high": f1 + 0.02, "delta": delta, "delta_low": delta - 0.01,
        "delta_high": delta + 0.01,
    }]}  # fmt: skip


FOUND: dict[str, Any] = {
    "request": {"model": "resnet1d", "exporter": "onnx-int8", "max_drop": 0.005}, "within": True,
    "modules": ["blocks.0"], "validation": {"metric": METRIC, "value": 0.73},
    "trials": [{"in_float": 0, "score": 0.71, "drop": 0.02, "file_size_bytes": 1_400_000},
               {"in_float": 1, "score": 0.73, "drop": 0.0, "file_size_bytes": 1_500_000}],
    "test": {"float": score(0.75, 0.0), "int8": score(0.73, -0.02), "found": score(0.745, -0.005)},
}  # fmt: skip


def test_the_rows_by_hand() -> None:
    assert search.sensitivity_rows(RANKED, ["blocks.0"]) == [
        ["blocks.0", "0.9100", "0.1234", "12,345", "float"], ["stem", "0.9990", "0.0100", "60", "int8"],
    ]  # fmt: skip
    assert search.trial_rows(FOUND) == [
        ["0", "0.7100", "-0.0200", "1.40 MB"], ["1", "0.7300", "+0.0000", "1.50 MB"],
    ]  # fmt: skip


@pytest.mark.parametrize("within", [True, False])
def test_it_says_what_was_found_and_whether_it_meets_the_bound(within: bool) -> None:
    text = search.render(FOUND | {"within": within}, RANKED)
    assert "1 of 2 modules" in text and "0.005" in text and ("does not meet" in text) != within
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert ["fp32", "0.7500 (0.730–0.770)", "+0.0000 (-0.0100 to +0.0100)"] in rows
    assert ["1 modules in float", "0.7450 (0.725–0.765)", "-0.0050 (-0.0150 to +0.0050)"] in rows
    assert ["stem", "0.9990", "0.0100", "60", "int8"] in rows


def test_the_page_and_its_picture_are_written(tmp_path: Path) -> None:
    search.write(tmp_path, FOUND, RANKED)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.md", search.PICTURE]
    assert f"({search.PICTURE})" in (tmp_path / "report.md").read_text()
    assert "blocks.0" in (tmp_path / search.PICTURE).read_text()
