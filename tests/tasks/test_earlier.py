"""Measurements and searches of earlier versions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from sample_records import MEASUREMENT, UNSUPPORTED

from edgebench.core.flat_row import flatten
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import from_dict, to_dict
from edgebench.tasks.earlier import EARLIER, TABLES, nested, search

RESULTS = Path(__file__).parents[2] / "results"
PUBLISHED = sorted((RESULTS / "reference").rglob("measurements.jsonl"))
FILES = [path for path in PUBLISHED if "cell" not in json.loads(path.read_text().partition("\n")[0])]
"""Those that an earlier version wrote."""
COMPARED = {"value": 0.7, "low": 0.6, "high": 0.8, "delta": -0.01, "delta_low": -0.02, "delta_high": 0.0}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_published_rows_keep_every_value(path: Path) -> None:
    for line in path.read_text().splitlines():
        row = json.loads(line)
        flat = flatten(from_dict(Measurement, nested(row)), EARLIER, TABLES)
        assert {name: json.loads(json.dumps(flat[name])) for name in row} == row


def test_a_row_of_the_last_version_is_read() -> None:
    """It had one field a metric."""
    scores = {"records": 60, "macro_f1": COMPARED, "macro_auc": None, "calibration_error": 0.02,
              "f1_by_class": {"NORM": 0.5}, "agreement": 0.9, "max_abs_error": None, "counterpart": None}  # fmt: skip
    found = from_dict(Measurement, nested(to_dict(MEASUREMENT) | {"scores": scores})).scores
    assert found is not None and [score.metric.name for score in found.metrics] == ["macro_f1", "calibration_error"]
    assert {name: one for name, one in asdict(found.primary).items() if name != "metric"} == COMPARED
    assert (found.records, found.agreement, found.by_class) == (60, 0.9, {"f1_by_class": {"NORM": 0.5}})


def test_what_is_of_today_stays() -> None:
    for m in (MEASUREMENT, UNSUPPORTED):
        assert nested(to_dict(m)) == to_dict(m)
    assert nested(["no row"]) == ["no row"]


def test_a_published_search_has_todays_fields() -> None:
    stored = json.loads((RESULTS / "reference" / "search-deit-tiny" / "search.json").read_text())
    found = search(stored)
    assert found["validation"] == {"metric": asdict(EARLIER[0]), "value": stored["validation_f1"]}
    assert [t["score"] for t in found["trials"]] == [t["macro_f1"] for t in stored["trials"]]
    assert found["test"]["found"]["metrics"][0]["value"] == stored["test"]["found"]["macro_f1"]
    assert search(found) == found
