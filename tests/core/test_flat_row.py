"""The flat row of a measurement, there and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from report_rows import OK, failed
from sample_records import MEASUREMENT, UNSUPPORTED

from edgebench.core.flat_row import COLUMNS, flatten, nested, of_scores, unflatten
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import from_dict, to_dict

FILES = sorted((Path(__file__).parents[2] / "results").rglob("measurements.jsonl"))


@pytest.mark.parametrize("m", [OK, MEASUREMENT, UNSUPPORTED, failed("onnx", "it broke")])
def test_a_measurement_comes_back_from_its_row(m: Measurement) -> None:
    row = flatten(m)
    assert list(row) == list(COLUMNS)
    assert from_dict(Measurement, unflatten(row)) == m
    assert from_dict(Measurement, nested(json.loads(json.dumps(row)))) == m
    assert nested(to_dict(m)) == to_dict(m), "is nested already"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_published_rows_keep_every_value(path: Path) -> None:
    for line in path.read_text().splitlines():
        row = json.loads(line)
        flat = flatten(from_dict(Measurement, nested(row)))
        assert {name: json.loads(json.dumps(flat[name])) for name in row} == row


def test_an_unknown_name_stays_for_the_validator() -> None:
    assert unflatten({"colour": "red", "latency_p50_s": None}) == {"colour": "red"}
    assert nested(["no row"]) == ["no row"]


def test_a_part_that_was_not_measured_is_empty() -> None:
    row = flatten(replace(OK, latency=None, scores=None))
    assert (row["latency_p50_s"], row["process_medians_s"], row["verdict_reason"]) == (None, (), "")
    assert (row["macro_f1"], row["f1_by_class"], row["counterpart"]) == (None, {}, "")


def test_scores_alone_have_their_columns() -> None:
    assert OK.scores is not None
    row, whole = of_scores(OK.scores), flatten(OK)
    assert row == {name: whole[name] for name in row} and row["macro_f1"] == 0.7
    assert "dataset" not in row and "records" in row
